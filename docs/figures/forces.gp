# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 1600,3000 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'forces.png'
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

set lmargin at screen 0.11875; set rmargin at screen 0.96875
set bmargin at screen 0.83667; set tmargin at screen 0.97333
set title 'Drive ratio of the coordinates of dead tokens, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
set logscale y
set ytics autofreq
set format y '10^{%L}'
set yrange [0.048604037189297865:3275.4320002259838]
set ylabel '|a| / half gap' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.83667 size screen 0.01875,0.13667
unset arrow
set arrow from graph 0, first 1 to graph 1, first 1 nohead front dashtype 2 linecolor '#505050' linewidth 0.8
set label 10 'moves above' at graph 0.99, first 1 right offset 0,0.6 noenhanced textcolor '#505050' front
set key inside right top vertical maxrows 5
plot \
    'forces.csv' using 1:2 with lines linewidth 1.2 linecolor '#4682b4' title '99 %', \
    'forces.csv' using 1:3 with lines linewidth 1.2 linecolor '#dc143c' title '75 %', \
    'forces.csv' using 1:4 with lines linewidth 1.2 linecolor '#e08214' title 'median', \
    'forces.csv' using 1:5 with lines linewidth 1.2 linecolor '#2e8b57' title '25 %', \
    'forces.csv' using 1:6 with lines linewidth 1.2 linecolor '#6a5acd' title '1 %'
unset label

set lmargin at screen 0.11875; set rmargin at screen 0.96875
set bmargin at screen 0.63667; set tmargin at screen 0.77333
set title 'Adam''s moments, medians, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
set logscale y
set ytics autofreq
set format y '10^{%L}'
set yrange [6.5720893852242203e-07:0.00036078041095458411]
set ylabel 'weight units' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.63667 size screen 0.01875,0.13667
unset arrow
set key inside right top vertical maxrows 2
plot \
    'forces.csv' using 1:7 with lines linewidth 1.2 linecolor '#4682b4' title 'sqrt(v)', \
    'forces.csv' using 1:8 with lines linewidth 1.2 linecolor '#dc143c' title '|m|'
unset label

set lmargin at screen 0.11875; set rmargin at screen 0.96875
set bmargin at screen 0.43667; set tmargin at screen 0.57333
set title 'What moves and what is locked, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.050000000000000003:1.05]
set ylabel 'share of coordinates' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.43667 size screen 0.01875,0.13667
unset arrow
set key inside right center vertical maxrows 4
plot \
    'forces.csv' using 1:9 with lines linewidth 1.2 linecolor '#4682b4' title 'v has the bits of the step before', \
    'forces.csv' using 1:10 with lines linewidth 1.2 linecolor '#dc143c' title 'v is a power of two', \
    'forces.csv' using 1:11 with lines linewidth 1.2 linecolor '#e08214' title 'drive ratio above 1', \
    'forces.csv' using 1:12 with lines linewidth 1.2 linecolor '#2e8b57' title 'moved'
unset label

set lmargin at screen 0.11875; set rmargin at screen 0.86250
set bmargin at screen 0.23667; set tmargin at screen 0.37333
set title 'At the last step, the coordinate with most drive of each token, n = 1,161 tokens' noenhanced offset 0,-0.5
set logscale x
set xtics 1.0000000000000001e-05,2
set format x '%g'
set xrange [8.6986344708702399e-06:4.271026217176172e-05]
set xlabel '|mhat| that would move it (weight units)' noenhanced offset 0,0.3
set logscale y
set ytics 1.0000000000000001e-05,2
set format y '%g'
set yrange [6.7208016581271193e-06:4.5523126897573136e-05]
set ylabel '|mhat| (weight units)' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel 'freeze step' noenhanced offset 1.5,0
set colorbox user origin screen 0.88125,0.23667 size screen 0.01875,0.13667
unset arrow
set key inside left top vertical maxrows 3
plot \
    'forces.csv' using 13:14 with points pointtype 7 pointsize 0.3 linecolor '#4682b4' title 'tokens that are not frozen', \
    'forces.csv' using 15:16:17 with points pointtype 7 pointsize 0.3 linecolor palette title 'frozen tokens', \
    'forces.csv' using 18:19 with lines linewidth 1.2 linecolor '#dc143c' title 'freezing line: below it nothing moves'
unset label

set lmargin at screen 0.11875; set rmargin at screen 0.86250
set bmargin at screen 0.03667; set tmargin at screen 0.17333
set title 'The same against the second moment, gap by gap, n = 1,161 tokens' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [3.7617286682551426e-05:0.00010509129438991564]
set xlabel 'sqrt(vhat) + eps (weight units)' noenhanced offset 0,0.3
set logscale y
set ytics 5.0000000000000004e-06,2
set format y '%g'
set yrange [4.1835832243244689e-06:0.00024962472774274112]
set ylabel '|mhat| (weight units)' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel 'freeze step' noenhanced offset 1.5,0
set colorbox user origin screen 0.88125,0.03667 size screen 0.01875,0.13667
unset arrow
set key inside right top vertical maxrows 3
plot \
    'forces.csv' using 20:21 with points pointtype 7 pointsize 0.3 linecolor '#4682b4' title 'tokens that are not frozen', \
    'forces.csv' using 22:23:24 with points pointtype 7 pointsize 0.3 linecolor palette title 'frozen tokens', \
    'forces.csv' using 25:26 with lines linewidth 1.2 linecolor '#dc143c' title 'freezing at half gap 2^-11', \
    'forces.csv' using 27:28 with lines linewidth 1.2 linecolor '#e08214' title 'freezing at half gap 2^-12', \
    'forces.csv' using 29:30 with lines linewidth 1.2 linecolor '#2e8b57' title 'freezing at half gap 2^-13'
unset label

unset multiplot
unset output
