/* report_style.h: how a report looks. On paper folds are open and nothing is cut. */
#ifndef AZ_VIEW_REPORT_STYLE_H
#define AZ_VIEW_REPORT_STYLE_H

#define AZ_REPORT_STYLE                                                                            \
    ":root{--ink:#1d2733;--soft:#5b6876;--line:#dbe1e8;--paper:#fff;--wash:#f4f7fa;"               \
    "--blue:#36648b;--good:#1d7a4a;--bad:#b3261e}\n"                                               \
    "*{box-sizing:border-box}\n"                                                                   \
    "body{margin:0 auto;max-width:66rem;padding:0 1.2rem 4rem;background:var(--paper);"            \
    "color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',"      \
    "sans-serif;overflow-wrap:anywhere}\n"                                                         \
    "header{padding:2.2rem 0 .6rem}\n"                                                             \
    "h1{margin:0;font-size:2rem;line-height:1.2}\n"                                                \
    "h2{margin:2.6rem 0 .8rem;font-size:1.3rem;border-bottom:2px solid var(--line);"               \
    "padding-bottom:.3rem}\n"                                                                      \
    ".question{margin:.5rem 0;font-size:1.15rem;color:var(--blue)}\n"                              \
    ".facts{margin:.3rem 0;font-size:.85rem;color:var(--soft)}\n"                                  \
    "nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:.5rem 0;font-size:.9rem}\n"          \
    "a{color:var(--blue)}\n"                                                                       \
    ".verdict{display:flex;gap:.9rem;margin:1rem 0;padding:.9rem 1.1rem;border-radius:.5rem;"      \
    "background:var(--wash);border-left:.4rem solid var(--good)}\n"                                \
    ".verdict>b{font-size:1.6rem;line-height:1.2;color:var(--good)}\n"                             \
    ".verdict.bad{border-color:var(--bad)}.verdict.bad>b{color:var(--bad)}\n"                      \
    ".verdict p{margin:.25rem 0 0;font-size:.92rem;color:var(--soft)}\n"                           \
    ".numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));"           \
    "gap:.7rem;margin:1rem 0}\n"                                                                   \
    ".number{padding:.7rem .9rem;background:var(--wash);border-radius:.5rem}\n"                    \
    ".label{font-size:.82rem;color:var(--soft)}\n"                                                 \
    ".value{font-size:1.45rem;line-height:1.35;font-variant-numeric:tabular-nums}\n"               \
    ".note{font-size:.8rem;color:var(--soft)}\n"                                                   \
    ".term summary{cursor:help;list-style:none;text-decoration:underline dotted;"                  \
    "text-underline-offset:.2em}\n"                                                                \
    ".term summary::-webkit-details-marker{display:none}\n"                                        \
    ".term span{display:block;margin:.2rem 0 .3rem;font-size:.82rem;font-weight:400;"              \
    "color:var(--ink)}\n"                                                                          \
    "figure{margin:1.4rem 0}figure img{display:block;width:100%;min-width:40rem;height:auto}\n"    \
    "figcaption,.caption{margin:.3rem 0 .5rem;font-size:.88rem;color:var(--soft)}\n"               \
    ".wide{overflow-x:auto}\n"                                                                     \
    "table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}\n"         \
    "th,td{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top;"                        \
    "border-bottom:1px solid var(--line);white-space:nowrap}\n"                                    \
    "th{font-weight:600}th .term span{white-space:normal;max-width:16rem}\n"                       \
    ".n{text-align:right}\n"                                                                       \
    "pre{padding:.8rem 1rem;background:var(--wash);border-radius:.5rem;font-size:.85rem;"          \
    "white-space:pre-wrap}\n"                                                                      \
    ".fold{margin:.8rem 0}.fold>summary{cursor:pointer;color:var(--blue)}\n"                       \
    "@media(max-width:40rem){body{padding:0 .8rem 3rem;font-size:15px}h1{font-size:1.6rem}"        \
    ".numbers{grid-template-columns:repeat(2,1fr)}.value{font-size:1.2rem}"                        \
    "figure img{min-width:34rem}}\n"                                                               \
    "@media print{@page{margin:16mm}body{max-width:none;padding:0;font-size:10pt}"                 \
    "nav{display:none}h2{break-after:avoid;margin-top:1.4rem}"                                     \
    "figure,.number,.verdict,tr{break-inside:avoid}figure img{min-width:0}"                        \
    ".wide{overflow:visible}td,th{white-space:normal}"                                             \
    "details>:not(summary){display:block!important}details::details-content{"                      \
    "content-visibility:visible!important;display:block!important}"                                \
    ".term summary{text-decoration:none}}\n"

#endif
