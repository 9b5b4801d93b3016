# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 2000,3482 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'qwen3_survey.png'
set output output
set datafile separator comma
set datafile columnheaders
set tics nomirror out scale 0.6 textcolor '#303030'
set style textbox opaque noborder margins 0.3,0.3
set key noautotitle noenhanced opaque Left reverse samplen 2 spacing 1.2
set border 3 linecolor '#606060'
set grid linetype 1 linecolor '#e4e4e4' linewidth 0.5
set xtics nomirror out scale 0.6 textcolor '#303030'
set ytics nomirror out scale 0.6 textcolor '#303030'
set palette defined (0 '#000004', 1 '#1b0c41', 2 '#4a0c6b', 3 '#781c6d', 4 '#a52c60', 5 '#cf4446', 6 '#ed6925', 7 '#fb9b06', 8 '#f7d13d', 9 '#fcffa4')
set multiplot
set label 1 'qwen3.tokenizer.json' at screen 0.5,0.98851 center noenhanced font ',11'

set lmargin at screen 0.08500; set rmargin at screen 0.97500
set bmargin at screen 0.81045; set tmargin at screen 0.95692
set title 'Rows by script or class, n = 151,936 rows' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [-1.0800000000000001:6.4588235294117657]
set xlabel 'share of all rows, end' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-1.0800000000000001:1.0800000000000001]
set ylabel '' noenhanced
unset border
unset grid
unset xtics
unset ytics
unset xlabel
unset ylabel
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.81045 size screen 0.01500,0.14647
unset arrow
set key inside center center
plot \
    'qwen3_survey.csv' every ::0::0 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#4682b4' title 'Latin  94,712 (62.3 %)', \
    'qwen3_survey.csv' every ::1::1 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#e08214' title 'Han  25,527 (16.8 %)', \
    'qwen3_survey.csv' every ::2::2 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#2e8b57' title 'punctuation  5,452 (3.6 %)', \
    'qwen3_survey.csv' every ::3::3 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#dc143c' title 'Cyrillic  4,142 (2.7 %)', \
    'qwen3_survey.csv' every ::4::4 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#6a5acd' title 'Arabic  3,973 (2.6 %)', \
    'qwen3_survey.csv' every ::5::5 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#d4b106' title 'Hangul  3,572 (2.4 %)', \
    'qwen3_survey.csv' every ::6::6 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#20b2aa' title 'Hebrew  3,179 (2.1 %)', \
    'qwen3_survey.csv' every ::7::7 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#c71585' title 'symbol  2,724 (1.8 %)', \
    'qwen3_survey.csv' every ::8::8 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#8fbc6f' title 'Thai  2,566 (1.7 %)', \
    'qwen3_survey.csv' every ::9::9 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#a0522d' title 'invalid  1,448 (0.95 %)', \
    'qwen3_survey.csv' every ::10::10 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#87ceeb' title 'Hiragana  1,124 (0.74 %)', \
    'qwen3_survey.csv' every ::11::11 using (0):(0):(1):(450-360*column(1)):(450-360*column(3)) with circles fillstyle solid 0.85 noborder fillcolor '#a9a9a9' title '65 others  3,517 (2.3 %)'
unset label
set border 3 linecolor '#606060'
set grid linetype 1 linecolor '#e4e4e4' linewidth 0.5
set xtics nomirror out scale 0.6 textcolor '#303030'
set ytics nomirror out scale 0.6 textcolor '#303030'

set lmargin at screen 0.08500; set rmargin at screen 0.97500
set bmargin at screen 0.66111; set tmargin at screen 0.75589
set title 'What there is at each id, in the colours above, n = 151,936 rows' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [0:151936]
set xlabel 'token id' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [0:100]
set ylabel '% of the rows there' noenhanced
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.66111 size screen 0.01500,0.09477
unset arrow
unset key
plot \
    'qwen3_survey.csv' using 4:6:5 with filledcurves fillstyle solid 0.85 noborder linecolor '#4682b4' title 'Latin  94,712 (62.3 %)', \
    'qwen3_survey.csv' using 4:8:7 with filledcurves fillstyle solid 0.85 noborder linecolor '#e08214' title 'Han  25,527 (16.8 %)', \
    'qwen3_survey.csv' using 4:10:9 with filledcurves fillstyle solid 0.85 noborder linecolor '#2e8b57' title 'punctuation  5,452 (3.6 %)', \
    'qwen3_survey.csv' using 4:12:11 with filledcurves fillstyle solid 0.85 noborder linecolor '#dc143c' title 'Cyrillic  4,142 (2.7 %)', \
    'qwen3_survey.csv' using 4:14:13 with filledcurves fillstyle solid 0.85 noborder linecolor '#6a5acd' title 'Arabic  3,973 (2.6 %)', \
    'qwen3_survey.csv' using 4:16:15 with filledcurves fillstyle solid 0.85 noborder linecolor '#d4b106' title 'Hangul  3,572 (2.4 %)', \
    'qwen3_survey.csv' using 4:18:17 with filledcurves fillstyle solid 0.85 noborder linecolor '#20b2aa' title 'Hebrew  3,179 (2.1 %)', \
    'qwen3_survey.csv' using 4:20:19 with filledcurves fillstyle solid 0.85 noborder linecolor '#c71585' title 'symbol  2,724 (1.8 %)', \
    'qwen3_survey.csv' using 4:22:21 with filledcurves fillstyle solid 0.85 noborder linecolor '#8fbc6f' title 'Thai  2,566 (1.7 %)', \
    'qwen3_survey.csv' using 4:24:23 with filledcurves fillstyle solid 0.85 noborder linecolor '#a0522d' title 'invalid  1,448 (0.95 %)', \
    'qwen3_survey.csv' using 4:26:25 with filledcurves fillstyle solid 0.85 noborder linecolor '#87ceeb' title 'Hiragana  1,124 (0.74 %)', \
    'qwen3_survey.csv' using 4:28:27 with filledcurves fillstyle solid 0.85 noborder linecolor '#a9a9a9' title '65 others  3,517 (2.3 %)'
unset label

set lmargin at screen 0.28300; set rmargin at screen 0.97500
set bmargin at screen 0.34635; set tmargin at screen 0.60655
set title 'Rows by script or class, n = 151,936 rows' noenhanced offset 0,-0.5
set logscale x
set xtics autofreq
set format x '10^{%L}'
set xrange [0.69999999999999996:151540.20000000001]
set xlabel 'rows' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.59999999999999998:23.600000000000001]
set ylabel '' noenhanced
set ytics ('53 others  727 (0.48 %%)' 0, 'Bengali  43 (0.03 %%)' 1, 'control  46 (0.03 %%)' 2, 'Devanagari  64 (0.04 %%)' 3, 'Canadian_Aboriginal  71 (0.05 %%)' 4, 'Armenian  73 (0.05 %%)' 5, 'Ethiopic  112 (0.07 %%)' 6, 'Greek  233 (0.15 %%)' 7, 'orphan  267 (0.18 %%)' 8, 'Mixed  303 (0.20 %%)' 9, 'whitespace  437 (0.29 %%)' 10, 'Common  506 (0.33 %%)' 11, 'Katakana  635 (0.42 %%)' 12, 'Hiragana  1,124 (0.74 %%)' 13, 'invalid  1,448 (0.95 %%)' 14, 'Thai  2,566 (1.7 %%)' 15, 'symbol  2,724 (1.8 %%)' 16, 'Hebrew  3,179 (2.1 %%)' 17, 'Hangul  3,572 (2.4 %%)' 18, 'Arabic  3,973 (2.6 %%)' 19, 'Cyrillic  4,142 (2.7 %%)' 20, 'punctuation  5,452 (3.6 %%)' 21, 'Han  25,527 (16.8 %%)' 22, 'Latin  94,712 (62.3 %%)' 23) noenhanced
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.34635 size screen 0.01500,0.26020
unset arrow
unset key
plot \
    'qwen3_survey.csv' using 29:30:(0.69999999999999996):29:(column(30)-0.35):(column(30)+0.35) with boxxyerror fillstyle solid 0.85 noborder linecolor '#4682b4' title 'rows'
unset label

set lmargin at screen 0.28300; set rmargin at screen 0.89000
set bmargin at screen 0.03159; set tmargin at screen 0.29179
set title 'Where they lie, n = 151,936 rows' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [0:154215.04000000001]
set xlabel 'token id' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.59999999999999998:23.600000000000001]
set ylabel '' noenhanced
set ytics ('53 others  727 (0.48 %%)' 0, 'Bengali  43 (0.03 %%)' 1, 'control  46 (0.03 %%)' 2, 'Devanagari  64 (0.04 %%)' 3, 'Canadian_Aboriginal  71 (0.05 %%)' 4, 'Armenian  73 (0.05 %%)' 5, 'Ethiopic  112 (0.07 %%)' 6, 'Greek  233 (0.15 %%)' 7, 'orphan  267 (0.18 %%)' 8, 'Mixed  303 (0.20 %%)' 9, 'whitespace  437 (0.29 %%)' 10, 'Common  506 (0.33 %%)' 11, 'Katakana  635 (0.42 %%)' 12, 'Hiragana  1,124 (0.74 %%)' 13, 'invalid  1,448 (0.95 %%)' 14, 'Thai  2,566 (1.7 %%)' 15, 'symbol  2,724 (1.8 %%)' 16, 'Hebrew  3,179 (2.1 %%)' 17, 'Hangul  3,572 (2.4 %%)' 18, 'Arabic  3,973 (2.6 %%)' 19, 'Cyrillic  4,142 (2.7 %%)' 20, 'punctuation  5,452 (3.6 %%)' 21, 'Han  25,527 (16.8 %%)' 22, 'Latin  94,712 (62.3 %%)' 23) noenhanced
set cbrange [*:*]
set cblabel 'log10 of % of the rows there' noenhanced offset 1.5,0
set colorbox user origin screen 0.90500,0.03159 size screen 0.01500,0.26020
unset arrow
unset key
plot \
    'qwen3_survey.csv' using 31:32:33:31:(column(32)-0.35):(column(32)+0.35):34 with boxxyerror fillstyle solid 0.85 noborder linecolor palette title 'token id, end'
unset label

unset multiplot
unset output
