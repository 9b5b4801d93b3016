# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 1600,1200 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'qwen3_usage.png'
set output output
set datafile separator comma
set datafile columnheaders
set border 3 linecolor '#606060'
set grid linetype 1 linecolor '#e4e4e4' linewidth 0.5
set tics nomirror out scale 0.6 textcolor '#303030'
set key noautotitle noenhanced opaque Left reverse samplen 2 spacing 1.2
set palette defined (0 '#000004', 1 '#1b0c41', 2 '#4a0c6b', 3 '#781c6d', 4 '#a52c60', 5 '#cf4446', 6 '#ed6925', 7 '#fb9b06', 8 '#f7d13d', 9 '#fcffa4')
set multiplot

set lmargin at screen 0.10625; set rmargin at screen 0.96875
set bmargin at screen 0.59167; set tmargin at screen 0.93333
set title 'Occurrences by rank, n = 14,852 live tokens' noenhanced offset 0,-0.5
set logscale x
set format x '10^{%L}'
set xrange [0.86581125265477354:17153.854208362853]
set xlabel 'rank of the token' noenhanced offset 0,0.3
set logscale y
set format y '10^{%L}'
set yrange [0.57102823718764861:128881.54246532569]
set ylabel 'occurrences' noenhanced
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.59167 size screen 0.01875,0.34167
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
    'qwen3_usage.csv' using 1:2 with lines linewidth 1.2 linecolor '#4682b4' title 'occurrences'
unset label 1

set lmargin at screen 0.10625; set rmargin at screen 0.96875
set bmargin at screen 0.09167; set tmargin at screen 0.43333
set title 'Share of the text that the first ranks cover, n = 14,852 live tokens' noenhanced offset 0,-0.5
set logscale x
set format x '10^{%L}'
set xrange [0.86581125265477354:17153.854208362853]
set xlabel 'rank of the token' noenhanced offset 0,0.3
unset logscale y
set format y '%g'
set yrange [0.21555797032977431:104.75164009665096]
set ylabel '% of all occurrences' noenhanced
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.09167 size screen 0.01875,0.34167
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
    'qwen3_usage.csv' using 1:3 with lines linewidth 1.2 linecolor '#4682b4' title 'covered'
unset label 1

unset multiplot
unset output
