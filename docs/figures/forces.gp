# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 1600,2400 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'forces.png'
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
set bmargin at screen 0.79583; set tmargin at screen 0.96667
set title 'Drive ratio of the coordinates of dead tokens, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
set logscale y
set format y '10^{%L}'
set yrange [0.048604037189297865:3275.4320002259838]
set ylabel '|a| / half gap' noenhanced
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.79583 size screen 0.01875,0.17083
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
set arrow from graph 0, first 1 to graph 1, first 1 nohead dashtype 2 linecolor '#707070' linewidth 0.8
set label 10 'moves above' at graph 0.99, first 1 right offset 0,0.6 noenhanced textcolor '#505050' front
set key inside right top
plot \
    'forces.csv' using 1:2 with lines linewidth 1.2 linecolor '#4682b4' title '99 %', \
    'forces.csv' using 1:3 with lines linewidth 1.2 linecolor '#dc143c' title '75 %', \
    'forces.csv' using 1:4 with lines linewidth 1.2 linecolor '#e08214' title 'median', \
    'forces.csv' using 1:5 with lines linewidth 1.2 linecolor '#2e8b57' title '25 %', \
    'forces.csv' using 1:6 with lines linewidth 1.2 linecolor '#6a5acd' title '1 %'
unset label 1

set lmargin at screen 0.10625; set rmargin at screen 0.96875
set bmargin at screen 0.54583; set tmargin at screen 0.71667
set title 'Adam''s moments, medians, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
set logscale y
set format y '10^{%L}'
set yrange [6.5720893852242203e-07:0.00036078041095458411]
set ylabel 'weight units' noenhanced
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.54583 size screen 0.01875,0.17083
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
set key inside right top
plot \
    'forces.csv' using 1:7 with lines linewidth 1.2 linecolor '#4682b4' title 'sqrt(v)', \
    'forces.csv' using 1:8 with lines linewidth 1.2 linecolor '#dc143c' title '|m|'
unset label 1

set lmargin at screen 0.10625; set rmargin at screen 0.96875
set bmargin at screen 0.29583; set tmargin at screen 0.46667
set title 'What moves and what is locked, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
unset logscale y
set format y '%g'
set yrange [-0.050000000000000003:1.05]
set ylabel 'share of coordinates' noenhanced
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.29583 size screen 0.01875,0.17083
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
set key inside right center
plot \
    'forces.csv' using 1:9 with lines linewidth 1.2 linecolor '#4682b4' title 'v has the bits of the step before', \
    'forces.csv' using 1:10 with lines linewidth 1.2 linecolor '#dc143c' title 'v is a power of two', \
    'forces.csv' using 1:11 with lines linewidth 1.2 linecolor '#e08214' title 'drive ratio above 1', \
    'forces.csv' using 1:12 with lines linewidth 1.2 linecolor '#2e8b57' title 'moved'
unset label 1

set lmargin at screen 0.10625; set rmargin at screen 0.86250
set bmargin at screen 0.04583; set tmargin at screen 0.21667
set title 'At the last step, the coordinate with most drive of each token, n = 1,161 tokens' noenhanced offset 0,-0.5
set logscale x
set format x '%g'
set xrange [8.6986344708702399e-06:4.271026217176172e-05]
set xlabel '|mhat| that would move it (weight units)' noenhanced offset 0,0.3
set logscale y
set format y '%g'
set yrange [6.7208016581271193e-06:4.5523126897573136e-05]
set ylabel '|mhat| (weight units)' noenhanced
set cblabel 'freeze step' noenhanced offset 1.5,0
set colorbox user origin screen 0.88125,0.04583 size screen 0.01875,0.17083
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
set key inside left top
plot \
    'forces.csv' using 13:14:15 with points pointtype 7 pointsize 0.3 linecolor palette title 'dead tokens', \
    'forces.csv' using 16:16 with lines linewidth 1.2 linecolor '#dc143c' title 'freezing line: below it nothing moves'
unset label 1

unset multiplot
unset output
