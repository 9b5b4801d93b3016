# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 2000,1582 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'qwen3_reach.png'
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
set label 1 'qwen3.tokenizer.json' at screen 0.5,0.97472 center noenhanced font ',11'

set lmargin at screen 0.29075; set rmargin at screen 0.97500
set bmargin at screen 0.54741; set tmargin at screen 0.90518
set title 'Rows that do not encode to themselves, by script or class, n = 3,624 rows' noenhanced offset 0,-0.5
set logscale x
set xtics autofreq
set format x '10^{%L}'
set xrange [0.69999999999999996:2525.8000000000002]
set xlabel 'rows' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.59999999999999998:13.6]
set ylabel '' noenhanced
set ytics ('Tibetan  1 of 25 (4.0 %%)' 0, 'Bengali  1 of 43 (2.3 %%)' 1, 'Devanagari  1 of 64 (1.6 %%)' 2, 'Common  1 of 506 (0.20 %%)' 3, 'number  2 of 31 (6.5 %%)' 4, 'punctuation  4 of 5,452 (0.07 %%)' 5, 'Greek  10 of 233 (4.3 %%)' 6, 'Latin  16 of 94,712 (0.02 %%)' 7, 'Hebrew  25 of 3,179 (0.79 %%)' 8, 'Arabic  75 of 3,973 (1.9 %%)' 9, 'Han  195 of 25,527 (0.76 %%)' 10, 'orphan  267 of 267 (100.0 %%)' 11, 'invalid  1,448 of 1,448 (100.0 %%)' 12, 'Thai  1,578 of 2,566 (61.5 %%)' 13) noenhanced
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.54741 size screen 0.01500,0.35777
unset arrow
unset key
plot \
    'qwen3_reach.csv' using 1:2:(0.69999999999999996):1:(column(2)-0.35):(column(2)+0.35) with boxxyerror fillstyle solid 0.85 noborder linecolor '#4682b4' title 'rows'
unset label

set lmargin at screen 0.29075; set rmargin at screen 0.89000
set bmargin at screen 0.06953; set tmargin at screen 0.42731
set title 'Where they lie, n = 3,624 rows' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [0:154215.04000000001]
set xlabel 'token id' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.59999999999999998:13.6]
set ylabel '' noenhanced
set ytics ('Tibetan  1 of 25 (4.0 %%)' 0, 'Bengali  1 of 43 (2.3 %%)' 1, 'Devanagari  1 of 64 (1.6 %%)' 2, 'Common  1 of 506 (0.20 %%)' 3, 'number  2 of 31 (6.5 %%)' 4, 'punctuation  4 of 5,452 (0.07 %%)' 5, 'Greek  10 of 233 (4.3 %%)' 6, 'Latin  16 of 94,712 (0.02 %%)' 7, 'Hebrew  25 of 3,179 (0.79 %%)' 8, 'Arabic  75 of 3,973 (1.9 %%)' 9, 'Han  195 of 25,527 (0.76 %%)' 10, 'orphan  267 of 267 (100.0 %%)' 11, 'invalid  1,448 of 1,448 (100.0 %%)' 12, 'Thai  1,578 of 2,566 (61.5 %%)' 13) noenhanced
set cbrange [*:*]
set cblabel 'log10 of % of the rows there' noenhanced offset 1.5,0
set colorbox user origin screen 0.90500,0.06953 size screen 0.01500,0.35777
unset arrow
unset key
plot \
    'qwen3_reach.csv' using 3:4:5:3:(column(4)-0.35):(column(4)+0.35):6 with boxxyerror fillstyle solid 0.85 noborder linecolor palette title 'token id, end'
unset label

unset multiplot
unset output
