# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 1600,1270 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'demo.png'
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
set label 1 'demo-run' at screen 0.5,0.96850 center noenhanced font ',11'

set lmargin at screen 0.10625; set rmargin at screen 0.96875
set bmargin at screen 0.55906; set tmargin at screen 0.88189
set title 'Loss of each step''s batch, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [4.1465601599999999:8.0037198400000005]
set ylabel 'loss (nats per token)' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.55906 size screen 0.01875,0.32283
unset arrow
unset key
plot \
    'demo.csv' using 1:2 with lines linewidth 1.2 linecolor '#4682b4' title 'loss'
unset label

set lmargin at screen 0.10625; set rmargin at screen 0.96875
set bmargin at screen 0.08661; set tmargin at screen 0.40945
set title 'Dead tokens that moved at the step, n = 2,000 steps' noenhanced offset 0,-0.5
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [-28.984999999999999:2029.9849999999999]
set xlabel 'step' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.050000000000000003:1.05]
set ylabel 'share of dead tokens' noenhanced
set cbrange [*:*]
set cbtics autofreq
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.98750,0.08661 size screen 0.01875,0.32283
unset arrow
unset key
plot \
    'demo.csv' using 1:3 with steps linewidth 1.2 linecolor '#4682b4' title 'dead_moving_share'
unset label

unset multiplot
unset output
