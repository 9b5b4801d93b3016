# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 2000,2262 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'qwen3_survey.png'
set output output
set datafile separator comma
set datafile columnheaders
set border 3 linecolor '#606060'
set grid linetype 1 linecolor '#e4e4e4' linewidth 0.5
set tics nomirror out scale 0.6 textcolor '#303030'
set key noautotitle noenhanced opaque Left reverse samplen 2 spacing 1.2
set palette defined (0 '#000004', 1 '#1b0c41', 2 '#4a0c6b', 3 '#781c6d', 4 '#a52c60', 5 '#cf4446', 6 '#ed6925', 7 '#fb9b06', 8 '#f7d13d', 9 '#fcffa4')
set multiplot
set label 1 'qwen3.tokenizer.json' at screen 0.5,0.98232 center noenhanced font ',11'

set lmargin at screen 0.28300; set rmargin at screen 0.97500
set bmargin at screen 0.53316; set tmargin at screen 0.93369
set title 'Rows by script or class, n = 151,936 rows' noenhanced offset 0,-0.5
set logscale x
set format x '10^{%L}'
set xrange [0.69999999999999996:151540.20000000001]
set xlabel 'rows' noenhanced offset 0,0.3
unset logscale y
set format y '%g'
set yrange [-0.59999999999999998:23.600000000000001]
set ylabel '' noenhanced
set ytics ('53 others  727 (0.48 %%)' 0, 'Bengali  43 (0.03 %%)' 1, 'control  46 (0.03 %%)' 2, 'Devanagari  64 (0.04 %%)' 3, 'Canadian_Aboriginal  71 (0.05 %%)' 4, 'Armenian  73 (0.05 %%)' 5, 'Ethiopic  112 (0.07 %%)' 6, 'Greek  233 (0.15 %%)' 7, 'orphan  267 (0.18 %%)' 8, 'Mixed  303 (0.20 %%)' 9, 'whitespace  437 (0.29 %%)' 10, 'Common  506 (0.33 %%)' 11, 'Katakana  635 (0.42 %%)' 12, 'Hiragana  1,124 (0.74 %%)' 13, 'invalid  1,448 (0.95 %%)' 14, 'Thai  2,566 (1.7 %%)' 15, 'symbol  2,724 (1.8 %%)' 16, 'Hebrew  3,179 (2.1 %%)' 17, 'Hangul  3,572 (2.4 %%)' 18, 'Arabic  3,973 (2.6 %%)' 19, 'Cyrillic  4,142 (2.7 %%)' 20, 'punctuation  5,452 (3.6 %%)' 21, 'Han  25,527 (16.8 %%)' 22, 'Latin  94,712 (62.3 %%)' 23) noenhanced
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.53316 size screen 0.01500,0.40053
unset arrow
unset label 10
unset label 11
unset label 12
unset label 13
unset label 14
unset label 15
unset label 16
unset label 17
unset label 18
unset label 19
unset label 20
unset label 21
unset label 22
unset label 23
unset label 24
unset label 25
unset key
plot \
    'qwen3_survey.csv' using 1:2:(0.69999999999999996):1:(column(2)-0.35):(column(2)+0.35) with boxxyerror fillstyle solid 0.85 noborder linecolor '#4682b4' title 'rows'
unset label 1

set lmargin at screen 0.28300; set rmargin at screen 0.89000
set bmargin at screen 0.04863; set tmargin at screen 0.44916
set title 'Where they lie, n = 151,936 rows' noenhanced offset 0,-0.5
unset logscale x
set format x '%g'
set xrange [0:154215.04000000001]
set xlabel 'token id' noenhanced offset 0,0.3
unset logscale y
set format y '%g'
set yrange [-0.59999999999999998:23.600000000000001]
set ylabel '' noenhanced
set ytics ('53 others  727 (0.48 %%)' 0, 'Bengali  43 (0.03 %%)' 1, 'control  46 (0.03 %%)' 2, 'Devanagari  64 (0.04 %%)' 3, 'Canadian_Aboriginal  71 (0.05 %%)' 4, 'Armenian  73 (0.05 %%)' 5, 'Ethiopic  112 (0.07 %%)' 6, 'Greek  233 (0.15 %%)' 7, 'orphan  267 (0.18 %%)' 8, 'Mixed  303 (0.20 %%)' 9, 'whitespace  437 (0.29 %%)' 10, 'Common  506 (0.33 %%)' 11, 'Katakana  635 (0.42 %%)' 12, 'Hiragana  1,124 (0.74 %%)' 13, 'invalid  1,448 (0.95 %%)' 14, 'Thai  2,566 (1.7 %%)' 15, 'symbol  2,724 (1.8 %%)' 16, 'Hebrew  3,179 (2.1 %%)' 17, 'Hangul  3,572 (2.4 %%)' 18, 'Arabic  3,973 (2.6 %%)' 19, 'Cyrillic  4,142 (2.7 %%)' 20, 'punctuation  5,452 (3.6 %%)' 21, 'Han  25,527 (16.8 %%)' 22, 'Latin  94,712 (62.3 %%)' 23) noenhanced
set cblabel 'log10 of % of the rows there' noenhanced offset 1.5,0
set colorbox user origin screen 0.90500,0.04863 size screen 0.01500,0.40053
unset arrow
unset label 10
unset label 11
unset label 12
unset label 13
unset label 14
unset label 15
unset label 16
unset label 17
unset label 18
unset label 19
unset label 20
unset label 21
unset label 22
unset label 23
unset label 24
unset label 25
unset key
plot \
    'qwen3_survey.csv' using 3:4:5:3:(column(4)-0.35):(column(4)+0.35):6 with boxxyerror fillstyle solid 0.85 noborder linecolor palette title 'script or class'
unset label 1

unset multiplot
unset output
