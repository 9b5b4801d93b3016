# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp
set encoding utf8
set terminal pngcairo size 2000,2296 font 'DejaVu Sans,9' fontscale 2.0833 linewidth 2.0833 pointscale 2.0833 background '#ffffff'
if (!exists('output')) output = 'qwen3_usage.png'
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

set lmargin at screen 0.08500; set rmargin at screen 0.97500
set bmargin at screen 0.78659; set tmargin at screen 0.96516
set title 'Occurrences by rank, n = 14,852 live tokens' noenhanced offset 0,-0.5
set logscale x
set xtics autofreq
set format x '10^{%L}'
set xrange [0.86581125265477354:17153.854208362853]
set xlabel 'rank of the token' noenhanced offset 0,0.3
set logscale y
set ytics autofreq
set format y '10^{%L}'
set yrange [0.57102823718764861:128881.54246532569]
set ylabel 'occurrences' noenhanced
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.78659 size screen 0.01500,0.17857
unset arrow
unset key
plot \
    'qwen3_usage.csv' using 1:2 with lines linewidth 1.2 linecolor '#4682b4' title 'occurrences'
unset label

set lmargin at screen 0.08500; set rmargin at screen 0.97500
set bmargin at screen 0.52526; set tmargin at screen 0.70383
set title 'Share of the text that the first ranks cover, n = 14,852 live tokens' noenhanced offset 0,-0.5
set logscale x
set xtics autofreq
set format x '10^{%L}'
set xrange [0.86581125265477354:17153.854208362853]
set xlabel 'rank of the token' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [0.21555797032977431:104.75164009665096]
set ylabel '% of all occurrences' noenhanced
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.52526 size screen 0.01500,0.17857
unset arrow
unset key
plot \
    'qwen3_usage.csv' using 1:3 with lines linewidth 1.2 linecolor '#4682b4' title 'covered'
unset label

set lmargin at screen 0.39150; set rmargin at screen 0.97500
set bmargin at screen 0.04791; set tmargin at screen 0.44251
set title 'Enrichment over all rows, n = 24 sets' noenhanced offset 0,-0.5
set logscale x
set xtics autofreq
set format x '10^{%L}'
set xrange [0.00073910996586729278:381.15883458260498]
set xlabel 'times as often live, or used, as any row' noenhanced offset 0,0.3
unset logscale y
set ytics autofreq
set format y '%g'
set yrange [-0.59999999999999998:23.600000000000001]
set ylabel '' noenhanced
set ytics ('Bengali  0 of 43' 0, 'control  0 of 46' 1, 'Devanagari  0 of 64' 2, 'Canadian_Aboriginal  0 of 71' 3, 'Armenian  0 of 73' 4, 'Ethiopic  0 of 112' 5, 'Greek  0 of 233' 6, 'orphan  0 of 267' 7, 'Mixed  0 of 303' 8, 'whitespace  2 of 437' 9, 'Common  0 of 506' 10, 'Katakana  0 of 635' 11, 'Hiragana  0 of 1,124' 12, 'invalid  5 of 1,448' 13, 'Thai  910 of 2,566' 14, 'symbol  0 of 2,724' 15, 'Hebrew  0 of 3,179' 16, 'Hangul  0 of 3,572' 17, 'Arabic  0 of 3,973' 18, 'Cyrillic  0 of 4,142' 19, 'punctuation  75 of 5,452' 20, 'Han  0 of 25,527' 21, 'Latin  13,850 of 94,712' 22, 'reach.safetensors:unreachable_mask  5 of 3,624' 23) noenhanced
set cbrange [*:*]
set cblabel '' noenhanced offset 1.5,0
set colorbox user origin screen 0.99000,0.04791 size screen 0.01500,0.39460
unset arrow
set arrow from first 1, graph 0 to first 1, graph 1 nohead front dashtype 2 linecolor '#505050' linewidth 0.8
set label 10 'as any row' at first 1, graph 0.05 left offset 0.5,0 noenhanced textcolor '#505050' front
set key inside right top
plot \
    'qwen3_usage.csv' using 4:5:6:4:(column(5)-0.35):(column(5)+0.35) with boxxyerror fillstyle solid 0.85 noborder linecolor '#b0c4de' title 'live: 95 % interval', \
    'qwen3_usage.csv' using 7:5:8 with points pointtype 7 pointsize variable linecolor '#1f4e79' title 'live', \
    'qwen3_usage.csv' using 9:5:8 with points pointtype 7 pointsize variable linecolor '#dc143c' title 'occurrences'
unset label

unset multiplot
unset output
