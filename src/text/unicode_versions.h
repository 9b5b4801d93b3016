/* unicode_versions.h: characters on which versions of Unicode differ: first and last.
 *
 * Made by scripts/make_unicode_versions.py. PCRE2 and libunistring of Debian 12 know Unicode 14.
 * */
#ifndef AZ_TEXT_UNICODE_VERSIONS_H
#define AZ_TEXT_UNICODE_VERSIONS_H

/* The category in regular expressions, where it is not that of Unicode 14. */
#define AZ_CATEGORY_SINCE_14                                                                       \
    {0x897, 0x897, "Mn"}, {0xcf3, 0xcf3, "Mc"}, {0xece, 0xece, "Mn"}, {0x1b4e, 0x1b4f, "Po"},      \
        {0x1b7f, 0x1b7f, "Po"}, {0x1c89, 0x1c89, "Lu"}, {0x1c8a, 0x1c8a, "Ll"},                    \
        {0x2427, 0x2429, "So"}, {0x2ffc, 0x2fff, "So"}, {0x31e4, 0x31e5, "So"},                    \
        {0x31ef, 0x31ef, "So"}, {0xa7cb, 0xa7cc, "Lu"}, {0xa7cd, 0xa7cd, "Ll"},                    \
        {0xa7da, 0xa7da, "Lu"}, {0xa7db, 0xa7db, "Ll"}, {0xa7dc, 0xa7dc, "Lu"},                    \
        {0x105c0, 0x105f3, "Lo"}, {0x10d40, 0x10d49, "Nd"}, {0x10d4a, 0x10d4d, "Lo"},              \
        {0x10d4e, 0x10d4e, "Lm"}, {0x10d4f, 0x10d4f, "Lo"}, {0x10d50, 0x10d65, "Lu"},              \
        {0x10d69, 0x10d6d, "Mn"}, {0x10d6e, 0x10d6e, "Pd"}, {0x10d6f, 0x10d6f, "Lm"},              \
        {0x10d70, 0x10d85, "Ll"}, {0x10d8e, 0x10d8f, "Sm"}, {0x10ec2, 0x10ec4, "Lo"},              \
        {0x10efc, 0x10eff, "Mn"}, {0x1123f, 0x11240, "Lo"}, {0x11241, 0x11241, "Mn"},              \
        {0x11380, 0x11389, "Lo"}, {0x1138b, 0x1138b, "Lo"}, {0x1138e, 0x1138e, "Lo"},              \
        {0x11390, 0x113b5, "Lo"}, {0x113b7, 0x113b7, "Lo"}, {0x113b8, 0x113ba, "Mc"},              \
        {0x113bb, 0x113c0, "Mn"}, {0x113c2, 0x113c2, "Mc"}, {0x113c5, 0x113c5, "Mc"},              \
        {0x113c7, 0x113ca, "Mc"}, {0x113cc, 0x113cd, "Mc"}, {0x113ce, 0x113ce, "Mn"},              \
        {0x113cf, 0x113cf, "Mc"}, {0x113d0, 0x113d0, "Mn"}, {0x113d1, 0x113d1, "Lo"},              \
        {0x113d2, 0x113d2, "Mn"}, {0x113d3, 0x113d3, "Lo"}, {0x113d4, 0x113d5, "Po"},              \
        {0x113d7, 0x113d8, "Po"}, {0x113e1, 0x113e2, "Mn"}, {0x116d0, 0x116e3, "Nd"},              \
        {0x1171e, 0x1171e, "Mc"}, {0x11b00, 0x11b09, "Po"}, {0x11bc0, 0x11be0, "Lo"},              \
        {0x11be1, 0x11be1, "Po"}, {0x11bf0, 0x11bf9, "Nd"}, {0x11f00, 0x11f01, "Mn"},              \
        {0x11f02, 0x11f02, "Lo"}, {0x11f03, 0x11f03, "Mc"}, {0x11f04, 0x11f10, "Lo"},              \
        {0x11f12, 0x11f33, "Lo"}, {0x11f34, 0x11f35, "Mc"}, {0x11f36, 0x11f3a, "Mn"},              \
        {0x11f3e, 0x11f3f, "Mc"}, {0x11f40, 0x11f40, "Mn"}, {0x11f41, 0x11f41, "Mc"},              \
        {0x11f42, 0x11f42, "Mn"}, {0x11f43, 0x11f4f, "Po"}, {0x11f50, 0x11f59, "Nd"},              \
        {0x11f5a, 0x11f5a, "Mn"}, {0x1342f, 0x1342f, "Lo"}, {0x13439, 0x1343f, "Cf"},              \
        {0x13440, 0x13440, "Mn"}, {0x13441, 0x13446, "Lo"}, {0x13447, 0x13455, "Mn"},              \
        {0x13460, 0x143fa, "Lo"}, {0x16100, 0x1611d, "Lo"}, {0x1611e, 0x16129, "Mn"},              \
        {0x1612a, 0x1612c, "Mc"}, {0x1612d, 0x1612f, "Mn"}, {0x16130, 0x16139, "Nd"},              \
        {0x16d40, 0x16d42, "Lm"}, {0x16d43, 0x16d6a, "Lo"}, {0x16d6b, 0x16d6c, "Lm"},              \
        {0x16d6d, 0x16d6f, "Po"}, {0x16d70, 0x16d79, "Nd"}, {0x18cff, 0x18cff, "Lo"},              \
        {0x1b132, 0x1b132, "Lo"}, {0x1b155, 0x1b155, "Lo"}, {0x1cc00, 0x1ccef, "So"},              \
        {0x1ccf0, 0x1ccf9, "Nd"}, {0x1cd00, 0x1ceb3, "So"}, {0x1d2c0, 0x1d2d3, "No"},              \
        {0x1df25, 0x1df2a, "Ll"}, {0x1e030, 0x1e06d, "Lm"}, {0x1e08f, 0x1e08f, "Mn"},              \
        {0x1e4d0, 0x1e4ea, "Lo"}, {0x1e4eb, 0x1e4eb, "Lm"}, {0x1e4ec, 0x1e4ef, "Mn"},              \
        {0x1e4f0, 0x1e4f9, "Nd"}, {0x1e5d0, 0x1e5ed, "Lo"}, {0x1e5ee, 0x1e5ef, "Mn"},              \
        {0x1e5f0, 0x1e5f0, "Lo"}, {0x1e5f1, 0x1e5fa, "Nd"}, {0x1e5ff, 0x1e5ff, "Po"},              \
        {0x1f6dc, 0x1f6dc, "So"}, {0x1f774, 0x1f776, "So"}, {0x1f77b, 0x1f77f, "So"},              \
        {0x1f7d9, 0x1f7d9, "So"}, {0x1f8b2, 0x1f8bb, "So"}, {0x1f8c0, 0x1f8c1, "So"},              \
        {0x1fa75, 0x1fa77, "So"}, {0x1fa87, 0x1fa89, "So"}, {0x1fa8f, 0x1fa8f, "So"},              \
        {0x1faad, 0x1faaf, "So"}, {0x1fabb, 0x1fabf, "So"}, {0x1fac6, 0x1fac6, "So"},              \
        {0x1face, 0x1facf, "So"}, {0x1fada, 0x1fadc, "So"}, {0x1fadf, 0x1fadf, "So"},              \
        {0x1fae8, 0x1fae9, "So"}, {0x1faf7, 0x1faf8, "So"}, {0x1fbcb, 0x1fbef, "So"},              \
        {0x2b739, 0x2b739, "Lo"}, {0x2ebf0, 0x2ee5d, "Lo"}, {0x31350, 0x323af, "Lo"},

/* Those that a class has and the category would not say, or the other way round. */

/* Punctuation. */
#define AZ_NOT_AS_PUNCTUATION                                                                      \
    {0x61d, 0x61d}, {0x9fd, 0x9fd}, {0xa76, 0xa76}, {0xc77, 0xc77}, {0xc84, 0xc84},                \
        {0x166d, 0x166d}, {0x1b4e, 0x1b4f}, {0x1b7d, 0x1b7f}, {0x2e43, 0x2e4f}, {0x2e52, 0x2e5d},  \
        {0x10d6e, 0x10d6e}, {0x10ead, 0x10ead}, {0x10f55, 0x10f59}, {0x10f86, 0x10f89},            \
        {0x111c9, 0x111c9}, {0x113d4, 0x113d5}, {0x113d7, 0x113d8}, {0x1144b, 0x1144f},            \
        {0x1145a, 0x1145b}, {0x1145d, 0x1145d}, {0x11660, 0x1166c}, {0x116b9, 0x116b9},            \
        {0x1183b, 0x1183b}, {0x11944, 0x11946}, {0x119e2, 0x119e2}, {0x11a3f, 0x11a46},            \
        {0x11a9a, 0x11a9c}, {0x11a9e, 0x11aa2}, {0x11b00, 0x11b09}, {0x11be1, 0x11be1},            \
        {0x11c41, 0x11c45}, {0x11c70, 0x11c71}, {0x11ef7, 0x11ef8}, {0x11f43, 0x11f4f},            \
        {0x11fff, 0x11fff}, {0x12ff1, 0x12ff2}, {0x16d6d, 0x16d6f}, {0x16e97, 0x16e9a},            \
        {0x16fe2, 0x16fe2}, {0x1e5ff, 0x1e5ff}, {0x1e95e, 0x1e95f},

/* Digits. */
#define AZ_NOT_AS_NUMERIC {0x11de0, 0x11de9}, {0x16ff4, 0x16ff6},

/* What BertNormalizer cleans away. */
#define AZ_NOT_AS_OTHER                                                                            \
    {0x9, 0xa}, {0xd, 0xd}, {0x890, 0x891}, {0x8e2, 0x8e2}, {0xfffd, 0xfffd}, {0x110cd, 0x110cd},  \
        {0x13430, 0x1343f},

/* The accents of BertNormalizer. */
#define AZ_NOT_AS_NONSPACING                                                                       \
    {0x7fd, 0x7fd}, {0x897, 0x89f}, {0x8ca, 0x8e1}, {0x9fe, 0x9fe}, {0xafa, 0xaff},                \
        {0xb55, 0xb55}, {0xc04, 0xc04}, {0xc3c, 0xc3c}, {0xd00, 0xd00}, {0xd3b, 0xd3c},            \
        {0xd81, 0xd81}, {0xeba, 0xeba}, {0xece, 0xece}, {0x1734, 0x1734}, {0x180f, 0x180f},        \
        {0x1885, 0x1886}, {0x1abf, 0x1ace}, {0x1df6, 0x1dfb}, {0xa82c, 0xa82c}, {0xa8c5, 0xa8c5},  \
        {0xa8ff, 0xa8ff}, {0xa9bd, 0xa9bd}, {0x10d24, 0x10d27}, {0x10d69, 0x10d6d},                \
        {0x10eab, 0x10eac}, {0x10efc, 0x10eff}, {0x10f46, 0x10f50}, {0x10f82, 0x10f85},            \
        {0x11070, 0x11070}, {0x11073, 0x11074}, {0x110c2, 0x110c2}, {0x111c9, 0x111c9},            \
        {0x111cf, 0x111cf}, {0x1123e, 0x1123e}, {0x11241, 0x11241}, {0x1133b, 0x1133b},            \
        {0x113bb, 0x113c0}, {0x113ce, 0x113ce}, {0x113d0, 0x113d0}, {0x113d2, 0x113d2},            \
        {0x113e1, 0x113e2}, {0x11438, 0x1143f}, {0x11442, 0x11444}, {0x11446, 0x11446},            \
        {0x1145e, 0x1145e}, {0x1171e, 0x1171e}, {0x1182f, 0x11837}, {0x11839, 0x1183a},            \
        {0x1193b, 0x1193c}, {0x1193e, 0x1193e}, {0x11943, 0x11943}, {0x119d4, 0x119d7},            \
        {0x119da, 0x119db}, {0x119e0, 0x119e0}, {0x11a01, 0x11a0a}, {0x11a33, 0x11a38},            \
        {0x11a3b, 0x11a3e}, {0x11a47, 0x11a47}, {0x11a51, 0x11a56}, {0x11a59, 0x11a5b},            \
        {0x11a8a, 0x11a96}, {0x11a98, 0x11a99}, {0x11c30, 0x11c36}, {0x11c38, 0x11c3d},            \
        {0x11c3f, 0x11c3f}, {0x11c92, 0x11ca7}, {0x11caa, 0x11cb0}, {0x11cb2, 0x11cb3},            \
        {0x11cb5, 0x11cb6}, {0x11d31, 0x11d36}, {0x11d3a, 0x11d3a}, {0x11d3c, 0x11d3d},            \
        {0x11d3f, 0x11d45}, {0x11d47, 0x11d47}, {0x11d90, 0x11d91}, {0x11d95, 0x11d95},            \
        {0x11d97, 0x11d97}, {0x11ef3, 0x11ef4}, {0x11f00, 0x11f01}, {0x11f36, 0x11f3a},            \
        {0x11f40, 0x11f40}, {0x11f42, 0x11f42}, {0x11f5a, 0x11f5a}, {0x13440, 0x13440},            \
        {0x13447, 0x13455}, {0x1611e, 0x16129}, {0x1612d, 0x1612f}, {0x16f4f, 0x16f4f},            \
        {0x16fe4, 0x16fe4}, {0x1cf00, 0x1cf2d}, {0x1cf30, 0x1cf46}, {0x1e000, 0x1e006},            \
        {0x1e008, 0x1e018}, {0x1e01b, 0x1e021}, {0x1e023, 0x1e024}, {0x1e026, 0x1e02a},            \
        {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef},            \
        {0x1e4ec, 0x1e4ef}, {0x1e5ee, 0x1e5ef}, {0x1e944, 0x1e94a},

/* Those of StripAccents. */
#define AZ_NOT_AS_COMBINING                                                                        \
    {0x7fd, 0x7fd}, {0x897, 0x89f}, {0x8ca, 0x8d3}, {0x9fe, 0x9fe}, {0xafa, 0xaff},                \
        {0xb55, 0xb55}, {0xc04, 0xc04}, {0xc3c, 0xc3c}, {0xcf3, 0xcf3}, {0xd00, 0xd00},            \
        {0xd3b, 0xd3c}, {0xd81, 0xd81}, {0xeba, 0xeba}, {0xece, 0xece}, {0x1715, 0x1715},          \
        {0x180f, 0x180f}, {0x1abf, 0x1ace}, {0x1cf2, 0x1cf3}, {0x1cf7, 0x1cf7}, {0x1df6, 0x1dfa},  \
        {0xa82c, 0xa82c}, {0xa8ff, 0xa8ff}, {0x10d24, 0x10d27}, {0x10d69, 0x10d6d},                \
        {0x10eab, 0x10eac}, {0x10efc, 0x10eff}, {0x10f46, 0x10f50}, {0x10f82, 0x10f85},            \
        {0x11070, 0x11070}, {0x11073, 0x11074}, {0x110c2, 0x110c2}, {0x11145, 0x11146},            \
        {0x111c9, 0x111c9}, {0x111ce, 0x111cf}, {0x11241, 0x11241}, {0x1133b, 0x1133b},            \
        {0x113b8, 0x113c0}, {0x113c2, 0x113c2}, {0x113c5, 0x113c5}, {0x113c7, 0x113ca},            \
        {0x113cc, 0x113d0}, {0x113d2, 0x113d2}, {0x113e1, 0x113e2}, {0x1145e, 0x1145e},            \
        {0x1182c, 0x1183a}, {0x11930, 0x11935}, {0x11937, 0x11938}, {0x1193b, 0x1193e},            \
        {0x11940, 0x11940}, {0x11942, 0x11943}, {0x119d1, 0x119d7}, {0x119da, 0x119e0},            \
        {0x119e4, 0x119e4}, {0x11a01, 0x11a0a}, {0x11a33, 0x11a39}, {0x11a3b, 0x11a3e},            \
        {0x11a47, 0x11a47}, {0x11a51, 0x11a5b}, {0x11a8a, 0x11a99}, {0x11d31, 0x11d36},            \
        {0x11d3a, 0x11d3a}, {0x11d3c, 0x11d3d}, {0x11d3f, 0x11d45}, {0x11d47, 0x11d47},            \
        {0x11d8a, 0x11d8e}, {0x11d90, 0x11d91}, {0x11d93, 0x11d97}, {0x11ef3, 0x11ef6},            \
        {0x11f00, 0x11f01}, {0x11f03, 0x11f03}, {0x11f34, 0x11f3a}, {0x11f3e, 0x11f42},            \
        {0x11f5a, 0x11f5a}, {0x13440, 0x13440}, {0x13447, 0x13455}, {0x1611e, 0x1612f},            \
        {0x16f4f, 0x16f4f}, {0x16f7f, 0x16f87}, {0x16fe4, 0x16fe4}, {0x16ff0, 0x16ff1},            \
        {0x1cf00, 0x1cf2d}, {0x1cf30, 0x1cf46}, {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136},            \
        {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef}, {0x1e4ec, 0x1e4ef}, {0x1e5ee, 0x1e5ef},

/* Those in \w of Whitespace that are no letter, mark, decimal number or connector. */
#define AZ_WORD_BESIDES                                                                            \
    {0x16ee, 0x16f0}, {0x200c, 0x200d}, {0x2160, 0x2182}, {0x2185, 0x2188}, {0x24b6, 0x24e9},      \
        {0x3007, 0x3007}, {0x3021, 0x3029}, {0x3038, 0x303a}, {0xa6e6, 0xa6ef},                    \
        {0x10140, 0x10174}, {0x10341, 0x10341}, {0x1034a, 0x1034a}, {0x103d1, 0x103d5},            \
        {0x12400, 0x1246e}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189},

/* Lower case that Unicode 14 does not have. */
#define AZ_LOWER_SINCE_14                                                                          \
    {0x1c89, 0x1c8a}, {0xa7cb, 0x264}, {0xa7cc, 0xa7cd}, {0xa7ce, 0xa7cf}, {0xa7d2, 0xa7d3},       \
        {0xa7d4, 0xa7d5}, {0xa7da, 0xa7db}, {0xa7dc, 0x19b}, {0x10d50, 0x10d70},                   \
        {0x10d51, 0x10d71}, {0x10d52, 0x10d72}, {0x10d53, 0x10d73}, {0x10d54, 0x10d74},            \
        {0x10d55, 0x10d75}, {0x10d56, 0x10d76}, {0x10d57, 0x10d77}, {0x10d58, 0x10d78},            \
        {0x10d59, 0x10d79}, {0x10d5a, 0x10d7a}, {0x10d5b, 0x10d7b}, {0x10d5c, 0x10d7c},            \
        {0x10d5d, 0x10d7d}, {0x10d5e, 0x10d7e}, {0x10d5f, 0x10d7f}, {0x10d60, 0x10d80},            \
        {0x10d61, 0x10d81}, {0x10d62, 0x10d82}, {0x10d63, 0x10d83}, {0x10d64, 0x10d84},            \
        {0x10d65, 0x10d85}, {0x16ea0, 0x16ebb}, {0x16ea1, 0x16ebc}, {0x16ea2, 0x16ebd},            \
        {0x16ea3, 0x16ebe}, {0x16ea4, 0x16ebf}, {0x16ea5, 0x16ec0}, {0x16ea6, 0x16ec1},            \
        {0x16ea7, 0x16ec2}, {0x16ea8, 0x16ec3}, {0x16ea9, 0x16ec4}, {0x16eaa, 0x16ec5},            \
        {0x16eab, 0x16ec6}, {0x16eac, 0x16ec7}, {0x16ead, 0x16ec8}, {0x16eae, 0x16ec9},            \
        {0x16eaf, 0x16eca}, {0x16eb0, 0x16ecb}, {0x16eb1, 0x16ecc}, {0x16eb2, 0x16ecd},            \
        {0x16eb3, 0x16ece}, {0x16eb4, 0x16ecf}, {0x16eb5, 0x16ed0}, {0x16eb6, 0x16ed1},            \
        {0x16eb7, 0x16ed2}, {0x16eb8, 0x16ed3},

/* With a part in normal forms since 10. */
#define AZ_NORMAL_FORM_SINCE_10                                                                    \
    {0x7fd, 0x7fd}, {0x898, 0x89f}, {0x8ca, 0x8d3}, {0x9fe, 0x9fe}, {0xc3c, 0xc3c},                \
        {0xd3b, 0xd3c}, {0xeba, 0xeba}, {0x1715, 0x1715}, {0x1abf, 0x1ace}, {0x1df6, 0x1dfa},      \
        {0xa82c, 0xa82c}, {0x10d24, 0x10d27}, {0x10eab, 0x10eac}, {0x10f46, 0x10f50},              \
        {0x10f82, 0x10f85}, {0x11070, 0x11070}, {0x1133b, 0x1133b}, {0x1145e, 0x1145e},            \
        {0x11839, 0x1183a}, {0x11930, 0x11930}, {0x11935, 0x11935}, {0x11938, 0x11938},            \
        {0x1193d, 0x1193e}, {0x11943, 0x11943}, {0x119e0, 0x119e0}, {0x11a34, 0x11a34},            \
        {0x11a47, 0x11a47}, {0x11a99, 0x11a99}, {0x11d42, 0x11d42}, {0x11d44, 0x11d45},            \
        {0x11d97, 0x11d97}, {0x16ff0, 0x16ff1}, {0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae},            \
        {0x1e2ec, 0x1e2ef},

/* In NFKC and NFKD alone. */
#define AZ_COMPATIBLE_SINCE_10                                                                     \
    {0x32ff, 0x32ff}, {0xa7f2, 0xa7f4}, {0xab69, 0xab69}, {0x10781, 0x10785}, {0x10787, 0x107b0},  \
        {0x107b2, 0x107ba}, {0x1f16c, 0x1f16c}, {0x1fbf0, 0x1fbf9},

/* The script in regular expressions, where it is not that of Unicode 14. */
#define AZ_SCRIPT_SINCE_14                                                                         \
    {0x897, 0x897, "arabic"}, {0xcf3, 0xcf3, "kannada"}, {0xece, 0xece, "lao"},                    \
        {0x1b4e, 0x1b4f, "balinese"}, {0x1b7f, 0x1b7f, "balinese"}, {0x1c89, 0x1c8a, "cyrillic"},  \
        {0x2427, 0x2429, "common"}, {0x2ffc, 0x2fff, "common"}, {0x31e4, 0x31e5, "common"},        \
        {0x31ef, 0x31ef, "common"}, {0xa7cb, 0xa7cd, "latin"}, {0xa7da, 0xa7dc, "latin"},          \
        {0x105c0, 0x105f3, "todhri"}, {0x10d40, 0x10d65, "garay"}, {0x10d69, 0x10d85, "garay"},    \
        {0x10d8e, 0x10d8f, "garay"}, {0x10ec2, 0x10ec4, "arabic"}, {0x10efc, 0x10eff, "arabic"},   \
        {0x1123f, 0x11241, "khojki"}, {0x11380, 0x11389, "tulutigalari"},                          \
        {0x1138b, 0x1138b, "tulutigalari"}, {0x1138e, 0x1138e, "tulutigalari"},                    \
        {0x11390, 0x113b5, "tulutigalari"}, {0x113b7, 0x113c0, "tulutigalari"},                    \
        {0x113c2, 0x113c2, "tulutigalari"}, {0x113c5, 0x113c5, "tulutigalari"},                    \
        {0x113c7, 0x113ca, "tulutigalari"}, {0x113cc, 0x113d5, "tulutigalari"},                    \
        {0x113d7, 0x113d8, "tulutigalari"}, {0x113e1, 0x113e2, "tulutigalari"},                    \
        {0x116d0, 0x116e3, "myanmar"}, {0x11b00, 0x11b09, "devanagari"},                           \
        {0x11bc0, 0x11be1, "sunuwar"}, {0x11bf0, 0x11bf9, "sunuwar"}, {0x11f00, 0x11f10, "kawi"},  \
        {0x11f12, 0x11f3a, "kawi"}, {0x11f3e, 0x11f5a, "kawi"},                                    \
        {0x1342f, 0x1342f, "egyptianhieroglyphs"}, {0x13439, 0x13455, "egyptianhieroglyphs"},      \
        {0x13460, 0x143fa, "egyptianhieroglyphs"}, {0x16100, 0x16139, "gurungkhema"},              \
        {0x16d40, 0x16d79, "kiratrai"}, {0x18cff, 0x18cff, "khitansmallscript"},                   \
        {0x1b132, 0x1b132, "hiragana"}, {0x1b155, 0x1b155, "katakana"},                            \
        {0x1cc00, 0x1ccf9, "common"}, {0x1cd00, 0x1ceb3, "common"}, {0x1d2c0, 0x1d2d3, "common"},  \
        {0x1df25, 0x1df2a, "latin"}, {0x1e030, 0x1e06d, "cyrillic"},                               \
        {0x1e08f, 0x1e08f, "cyrillic"}, {0x1e4d0, 0x1e4f9, "nagmundari"},                          \
        {0x1e5d0, 0x1e5fa, "olonal"}, {0x1e5ff, 0x1e5ff, "olonal"}, {0x1f6dc, 0x1f6dc, "common"},  \
        {0x1f774, 0x1f776, "common"}, {0x1f77b, 0x1f77f, "common"}, {0x1f7d9, 0x1f7d9, "common"},  \
        {0x1f8b2, 0x1f8bb, "common"}, {0x1f8c0, 0x1f8c1, "common"}, {0x1fa75, 0x1fa77, "common"},  \
        {0x1fa87, 0x1fa89, "common"}, {0x1fa8f, 0x1fa8f, "common"}, {0x1faad, 0x1faaf, "common"},  \
        {0x1fabb, 0x1fabf, "common"}, {0x1fac6, 0x1fac6, "common"}, {0x1face, 0x1facf, "common"},  \
        {0x1fada, 0x1fadc, "common"}, {0x1fadf, 0x1fadf, "common"}, {0x1fae8, 0x1fae9, "common"},  \
        {0x1faf7, 0x1faf8, "common"}, {0x1fbcb, 0x1fbef, "common"}, {0x2b739, 0x2b739, "han"},     \
        {0x2ebf0, 0x2ee5d, "han"}, {0x31350, 0x323af, "han"},

/* The codes of scripts. */
#define AZ_SCRIPT_CODES                                                                            \
    {"adlm", "adlam"}, {"aghb", "caucasianalbanian"}, {"arab", "arabic"},                          \
        {"armi", "imperialaramaic"}, {"armn", "armenian"}, {"avst", "avestan"},                    \
        {"bali", "balinese"}, {"bamu", "bamum"}, {"bass", "bassavah"}, {"batk", "batak"},          \
        {"beng", "bengali"}, {"bhks", "bhaiksuki"}, {"bopo", "bopomofo"}, {"brah", "brahmi"},      \
        {"brai", "braille"}, {"bugi", "buginese"}, {"buhd", "buhid"}, {"cakm", "chakma"},          \
        {"cans", "canadianaboriginal"}, {"cari", "carian"}, {"cher", "cherokee"},                  \
        {"chrs", "chorasmian"}, {"copt", "coptic"}, {"cpmn", "cyprominoan"}, {"cprt", "cypriot"},  \
        {"cyrl", "cyrillic"}, {"deva", "devanagari"}, {"diak", "divesakuru"}, {"dogr", "dogra"},   \
        {"dsrt", "deseret"}, {"dupl", "duployan"}, {"egyp", "egyptianhieroglyphs"},                \
        {"elba", "elbasan"}, {"elym", "elymaic"}, {"ethi", "ethiopic"}, {"gara", "garay"},         \
        {"geor", "georgian"}, {"glag", "glagolitic"}, {"gong", "gunjalagondi"},                    \
        {"gonm", "masaramgondi"}, {"goth", "gothic"}, {"gran", "grantha"}, {"grek", "greek"},      \
        {"gujr", "gujarati"}, {"gukh", "gurungkhema"}, {"guru", "gurmukhi"}, {"hang", "hangul"},   \
        {"hani", "han"}, {"hano", "hanunoo"}, {"hatr", "hatran"}, {"hebr", "hebrew"},              \
        {"hira", "hiragana"}, {"hluw", "anatolianhieroglyphs"}, {"hmng", "pahawhhmong"},           \
        {"hmnp", "nyiakengpuachuehmong"}, {"hung", "oldhungarian"}, {"ital", "olditalic"},         \
        {"java", "javanese"}, {"kali", "kayahli"}, {"kana", "katakana"}, {"khar", "kharoshthi"},   \
        {"khmr", "khmer"}, {"khoj", "khojki"}, {"kits", "khitansmallscript"}, {"knda", "kannada"}, \
        {"krai", "kiratrai"}, {"kthi", "kaithi"}, {"lana", "taitham"}, {"laoo", "lao"},            \
        {"latn", "latin"}, {"lepc", "lepcha"}, {"limb", "limbu"}, {"lina", "lineara"},             \
        {"linb", "linearb"}, {"lyci", "lycian"}, {"lydi", "lydian"}, {"mahj", "mahajani"},         \
        {"maka", "makasar"}, {"mand", "mandaic"}, {"mani", "manichaean"}, {"marc", "marchen"},     \
        {"medf", "medefaidrin"}, {"mend", "mendekikakui"}, {"merc", "meroiticcursive"},            \
        {"mero", "meroitichieroglyphs"}, {"mlym", "malayalam"}, {"mong", "mongolian"},             \
        {"mroo", "mro"}, {"mtei", "meeteimayek"}, {"mult", "multani"}, {"mymr", "myanmar"},        \
        {"nagm", "nagmundari"}, {"nand", "nandinagari"}, {"narb", "oldnortharabian"},              \
        {"nbat", "nabataean"}, {"nkoo", "nko"}, {"nshu", "nushu"}, {"ogam", "ogham"},              \
        {"olck", "olchiki"}, {"onao", "olonal"}, {"orkh", "oldturkic"}, {"orya", "oriya"},         \
        {"osge", "osage"}, {"osma", "osmanya"}, {"ougr", "olduyghur"}, {"palm", "palmyrene"},      \
        {"pauc", "paucinhau"}, {"perm", "oldpermic"}, {"phag", "phagspa"},                         \
        {"phli", "inscriptionalpahlavi"}, {"phlp", "psalterpahlavi"}, {"phnx", "phoenician"},      \
        {"plrd", "miao"}, {"prti", "inscriptionalparthian"}, {"qaac", "coptic"},                   \
        {"qaai", "inherited"}, {"rjng", "rejang"}, {"rohg", "hanifirohingya"}, {"runr", "runic"},  \
        {"samr", "samaritan"}, {"sarb", "oldsoutharabian"}, {"saur", "saurashtra"},                \
        {"sgnw", "signwriting"}, {"shaw", "shavian"}, {"shrd", "sharada"}, {"sidd", "siddham"},    \
        {"sind", "khudawadi"}, {"sinh", "sinhala"}, {"sogd", "sogdian"}, {"sogo", "oldsogdian"},   \
        {"sora", "sorasompeng"}, {"soyo", "soyombo"}, {"sund", "sundanese"}, {"sunu", "sunuwar"},  \
        {"sylo", "sylotinagri"}, {"syrc", "syriac"}, {"tagb", "tagbanwa"}, {"takr", "takri"},      \
        {"tale", "taile"}, {"talu", "newtailue"}, {"taml", "tamil"}, {"tang", "tangut"},           \
        {"tavt", "taiviet"}, {"telu", "telugu"}, {"tfng", "tifinagh"}, {"tglg", "tagalog"},        \
        {"thaa", "thaana"}, {"tibt", "tibetan"}, {"tirh", "tirhuta"}, {"tnsa", "tangsa"},          \
        {"todr", "todhri"}, {"tutg", "tulutigalari"}, {"ugar", "ugaritic"}, {"vaii", "vai"},       \
        {"vith", "vithkuqi"}, {"wara", "warangciti"}, {"wcho", "wancho"}, {"xpeo", "oldpersian"},  \
        {"xsux", "cuneiform"}, {"yezi", "yezidi"}, {"yiii", "yi"}, {"zanb", "zanabazarsquare"},    \
        {"zinh", "inherited"}, {"zyyy", "common"},

/* Scripts of UnicodeScripts that are not those of Unicode 14; "" for none. */
#define AZ_SCRIPT_OF_CUTTER                                                                        \
    {0x20, 0x20, ""}, {0x560, 0x560, ""}, {0x588, 0x588, ""}, {0x589, 0x589, "Common"},            \
        {0x5ef, 0x5ef, ""}, {0x61c, 0x61c, "Common"}, {0x61d, 0x61d, ""}, {0x7fd, 0x7ff, ""},      \
        {0x860, 0x86a, ""}, {0x870, 0x88e, ""}, {0x890, 0x891, ""}, {0x898, 0x89f, ""},            \
        {0x8b5, 0x8b5, ""}, {0x8be, 0x8d3, ""}, {0x953, 0x954, "Devanagari"}, {0x9fc, 0x9fe, ""},  \
        {0xa76, 0xa76, ""}, {0xafa, 0xaff, ""}, {0xb55, 0xb55, ""}, {0xc04, 0xc04, ""},            \
        {0xc3c, 0xc3c, ""}, {0xc5d, 0xc5d, ""}, {0xc77, 0xc77, ""}, {0xc84, 0xc84, ""},            \
        {0xcdd, 0xcdd, ""}, {0xd00, 0xd00, ""}, {0xd04, 0xd04, ""}, {0xd3b, 0xd3c, ""},            \
        {0xd81, 0xd81, ""}, {0xe86, 0xe86, ""}, {0xe89, 0xe89, ""}, {0xe8c, 0xe8c, ""},            \
        {0xe8e, 0xe93, ""}, {0xe98, 0xe98, ""}, {0xea0, 0xea0, ""}, {0xea8, 0xea9, ""},            \
        {0xeac, 0xeac, ""}, {0xeba, 0xeba, ""}, {0x170d, 0x170d, ""}, {0x1715, 0x1715, ""},        \
        {0x171f, 0x171f, ""}, {0x180f, 0x180f, ""}, {0x1878, 0x1878, ""}, {0x1abf, 0x1ace, ""},    \
        {0x1b4c, 0x1b4c, ""}, {0x1b7d, 0x1b7e, ""}, {0x1c90, 0x1cba, ""}, {0x1cbd, 0x1cbf, ""},    \
        {0x1cf7, 0x1cf7, ""}, {0x1cfa, 0x1cfa, ""}, {0x1df6, 0x1dfa, ""}, {0x20bf, 0x20c0, ""},    \
        {0x23ff, 0x23ff, ""}, {0x2b97, 0x2b97, ""}, {0x2bba, 0x2bbc, ""}, {0x2bc9, 0x2bc9, ""},    \
        {0x2bd2, 0x2beb, ""}, {0x2bf0, 0x2bff, ""}, {0x2c2f, 0x2c2f, ""}, {0x2c5f, 0x2c5f, ""},    \
        {0x2e45, 0x2e5d, ""}, {0x30fc, 0x30fc, "Han"}, {0x312e, 0x312f, ""}, {0x31bb, 0x31bf, ""}, \
        {0x32ff, 0x32ff, ""}, {0x4db6, 0x4dbf, ""}, {0x9fd6, 0x9fff, ""}, {0xa7af, 0xa7af, ""},    \
        {0xa7b8, 0xa7ca, ""}, {0xa7d0, 0xa7d1, ""}, {0xa7d3, 0xa7d3, ""}, {0xa7d5, 0xa7d9, ""},    \
        {0xa7f2, 0xa7f6, ""}, {0xa82c, 0xa82c, ""}, {0xa8fe, 0xa8ff, ""}, {0xab66, 0xab6b, ""},    \
        {0xfbc2, 0xfbc2, ""}, {0xfd40, 0xfd4f, ""}, {0xfdcf, 0xfdcf, ""}, {0xfdfe, 0xfdff, ""},    \
        {0x1019c, 0x1019c, ""}, {0x1032d, 0x1032f, ""}, {0x10570, 0x1057a, ""},                    \
        {0x1057c, 0x1058a, ""}, {0x1058c, 0x10592, ""}, {0x10594, 0x10595, ""},                    \
        {0x10597, 0x105a1, ""}, {0x105a3, 0x105b1, ""}, {0x105b3, 0x105b9, ""},                    \
        {0x105bb, 0x105bc, ""}, {0x10780, 0x10785, ""}, {0x10787, 0x107b0, ""},                    \
        {0x107b2, 0x107ba, ""}, {0x10a34, 0x10a35, ""}, {0x10a48, 0x10a48, ""},                    \
        {0x10d00, 0x10d27, ""}, {0x10d30, 0x10d39, ""}, {0x10e80, 0x10ea9, ""},                    \
        {0x10eab, 0x10ead, ""}, {0x10eb0, 0x10eb1, ""}, {0x10f00, 0x10f27, ""},                    \
        {0x10f30, 0x10f59, ""}, {0x10f70, 0x10f89, ""}, {0x10fb0, 0x10fcb, ""},                    \
        {0x10fe0, 0x10ff6, ""}, {0x11070, 0x11075, ""}, {0x110c2, 0x110c2, ""},                    \
        {0x110cd, 0x110cd, ""}, {0x11144, 0x11147, ""}, {0x111ce, 0x111cf, ""},                    \
        {0x1133b, 0x1133b, ""}, {0x1145a, 0x1145a, ""}, {0x1145e, 0x11461, ""},                    \
        {0x116b8, 0x116b9, ""}, {0x1171a, 0x1171a, ""}, {0x11740, 0x11746, ""},                    \
        {0x11800, 0x1183b, ""}, {0x11900, 0x11906, ""}, {0x11909, 0x11909, ""},                    \
        {0x1190c, 0x11913, ""}, {0x11915, 0x11916, ""}, {0x11918, 0x11935, ""},                    \
        {0x11937, 0x11938, ""}, {0x1193b, 0x11946, ""}, {0x11950, 0x11959, ""},                    \
        {0x119a0, 0x119a7, ""}, {0x119aa, 0x119d7, ""}, {0x119da, 0x119e4, ""},                    \
        {0x11a00, 0x11a47, ""}, {0x11a50, 0x11aa2, ""}, {0x11ab0, 0x11abf, ""},                    \
        {0x11d00, 0x11d06, ""}, {0x11d08, 0x11d09, ""}, {0x11d0b, 0x11d36, ""},                    \
        {0x11d3a, 0x11d3a, ""}, {0x11d3c, 0x11d3d, ""}, {0x11d3f, 0x11d47, ""},                    \
        {0x11d50, 0x11d59, ""}, {0x11d60, 0x11d65, ""}, {0x11d67, 0x11d68, ""},                    \
        {0x11d6a, 0x11d8e, ""}, {0x11d90, 0x11d91, ""}, {0x11d93, 0x11d98, ""},                    \
        {0x11da0, 0x11da9, ""}, {0x11ee0, 0x11ef8, ""}, {0x11fb0, 0x11fb0, ""},                    \
        {0x11fc0, 0x11ff1, ""}, {0x11fff, 0x11fff, ""}, {0x12f90, 0x12ff2, ""},                    \
        {0x13430, 0x13438, ""}, {0x16a70, 0x16abe, ""}, {0x16ac0, 0x16ac9, ""},                    \
        {0x16e40, 0x16e9a, ""}, {0x16f45, 0x16f4a, ""}, {0x16f4f, 0x16f4f, ""},                    \
        {0x16f7f, 0x16f87, ""}, {0x16fe1, 0x16fe4, ""}, {0x16ff0, 0x16ff1, ""},                    \
        {0x187ed, 0x187f7, ""}, {0x18af3, 0x18cd5, ""}, {0x18d00, 0x18d08, ""},                    \
        {0x1aff0, 0x1aff3, ""}, {0x1aff5, 0x1affb, ""}, {0x1affd, 0x1affe, ""},                    \
        {0x1b002, 0x1b122, ""}, {0x1b150, 0x1b152, ""}, {0x1b164, 0x1b167, ""},                    \
        {0x1b170, 0x1b2fb, ""}, {0x1cf00, 0x1cf2d, ""}, {0x1cf30, 0x1cf46, ""},                    \
        {0x1cf50, 0x1cfc3, ""}, {0x1d1e9, 0x1d1ea, ""}, {0x1d2e0, 0x1d2f3, ""},                    \
        {0x1d372, 0x1d378, ""}, {0x1df00, 0x1df1e, ""}, {0x1e100, 0x1e12c, ""},                    \
        {0x1e130, 0x1e13d, ""}, {0x1e140, 0x1e149, ""}, {0x1e14e, 0x1e14f, ""},                    \
        {0x1e290, 0x1e2ae, ""}, {0x1e2c0, 0x1e2f9, ""}, {0x1e2ff, 0x1e2ff, ""},                    \
        {0x1e7e0, 0x1e7e6, ""}, {0x1e7e8, 0x1e7eb, ""}, {0x1e7ed, 0x1e7ee, ""},                    \
        {0x1e7f0, 0x1e7fe, ""}, {0x1e94b, 0x1e94b, ""}, {0x1ec71, 0x1ecb4, ""},                    \
        {0x1ed01, 0x1ed3d, ""}, {0x1f10d, 0x1f10f, ""}, {0x1f12f, 0x1f12f, ""},                    \
        {0x1f16c, 0x1f16f, ""}, {0x1f1ad, 0x1f1ad, ""}, {0x1f260, 0x1f265, ""},                    \
        {0x1f6d3, 0x1f6d7, ""}, {0x1f6dd, 0x1f6df, ""}, {0x1f6f7, 0x1f6fc, ""},                    \
        {0x1f7d5, 0x1f7d8, ""}, {0x1f7e0, 0x1f7eb, ""}, {0x1f7f0, 0x1f7f0, ""},                    \
        {0x1f8b0, 0x1f8b1, ""}, {0x1f900, 0x1f90f, ""}, {0x1f91f, 0x1f91f, ""},                    \
        {0x1f928, 0x1f92f, ""}, {0x1f931, 0x1f932, ""}, {0x1f93f, 0x1f93f, ""},                    \
        {0x1f94c, 0x1f94f, ""}, {0x1f95f, 0x1f97f, ""}, {0x1f992, 0x1f9bf, ""},                    \
        {0x1f9c1, 0x1fa53, ""}, {0x1fa60, 0x1fa6d, ""}, {0x1fa70, 0x1fa74, ""},                    \
        {0x1fa78, 0x1fa7c, ""}, {0x1fa80, 0x1fa86, ""}, {0x1fa90, 0x1faac, ""},                    \
        {0x1fab0, 0x1faba, ""}, {0x1fac0, 0x1fac5, ""}, {0x1fad0, 0x1fad9, ""},                    \
        {0x1fae0, 0x1fae7, ""}, {0x1faf0, 0x1faf6, ""}, {0x1fb00, 0x1fb92, ""},                    \
        {0x1fb94, 0x1fbca, ""}, {0x1fbf0, 0x1fbf9, ""}, {0x2a6d7, 0x2a6df, ""},                    \
        {0x2b735, 0x2b738, ""}, {0x2ceb0, 0x2ebe0, ""}, {0x30000, 0x3134a, ""},

/* Properties in regular expressions: name, short name, libunistring's. */
#define AZ_PROPERTIES                                                                              \
    {"asciihexdigit", "ahex", &UC_PROPERTY_ASCII_HEX_DIGIT},                                       \
        {"alphabetic", "alpha", &UC_PROPERTY_ALPHABETIC}, {"cased", "cased", &UC_PROPERTY_CASED},  \
        {"dash", "dash", &UC_PROPERTY_DASH},                                                       \
        {"defaultignorablecodepoint", "di", &UC_PROPERTY_DEFAULT_IGNORABLE_CODE_POINT},            \
        {"diacritic", "dia", &UC_PROPERTY_DIACRITIC}, {"emoji", "emoji", &UC_PROPERTY_EMOJI},      \
        {"emojicomponent", "ecomp", &UC_PROPERTY_EMOJI_COMPONENT},                                 \
        {"emojimodifier", "emod", &UC_PROPERTY_EMOJI_MODIFIER},                                    \
        {"emojimodifierbase", "ebase", &UC_PROPERTY_EMOJI_MODIFIER_BASE},                          \
        {"emojipresentation", "epres", &UC_PROPERTY_EMOJI_PRESENTATION},                           \
        {"extendedpictographic", "extpict", &UC_PROPERTY_EXTENDED_PICTOGRAPHIC},                   \
        {"extender", "ext", &UC_PROPERTY_EXTENDER}, {"hexdigit", "hex", &UC_PROPERTY_HEX_DIGIT},   \
        {"ideographic", "ideo", &UC_PROPERTY_IDEOGRAPHIC},                                         \
        {"joincontrol", "joinc", &UC_PROPERTY_JOIN_CONTROL},                                       \
        {"lowercase", "lower", &UC_PROPERTY_LOWERCASE}, {"math", "math", &UC_PROPERTY_MATH},       \
        {"quotationmark", "qmark", &UC_PROPERTY_QUOTATION_MARK},                                   \
        {"regionalindicator", "ri", &UC_PROPERTY_REGIONAL_INDICATOR},                              \
        {"sentenceterminal", "sterm", &UC_PROPERTY_SENTENCE_TERMINAL},                             \
        {"terminalpunctuation", "term", &UC_PROPERTY_TERMINAL_PUNCTUATION},                        \
        {"unifiedideograph", "uideo", &UC_PROPERTY_UNIFIED_IDEOGRAPH},                             \
        {"uppercase", "upper", &UC_PROPERTY_UPPERCASE},                                            \
        {"variationselector", "vs", &UC_PROPERTY_VARIATION_SELECTOR},                              \
        {"whitespace", "wspace", &UC_PROPERTY_WHITE_SPACE},

/* Where a property is not that of Unicode 14. */
#define AZ_PROPERTY_SINCE_14                                                                       \
    {0x363, 0x36f, "alphabetic"}, {0x897, 0x897, "alphabetic"}, {0xc04, 0xc04, "alphabetic"},      \
        {0xcf3, 0xcf3, "alphabetic"}, {0xf82, 0xf83, "alphabetic"},                                \
        {0x1c89, 0x1c8a, "alphabetic"}, {0x1dd3, 0x1de6, "alphabetic"},                            \
        {0xa7cb, 0xa7cd, "alphabetic"}, {0xa7da, 0xa7dc, "alphabetic"},                            \
        {0x105c0, 0x105f3, "alphabetic"}, {0x10d4a, 0x10d65, "alphabetic"},                        \
        {0x10d69, 0x10d69, "alphabetic"}, {0x10d6f, 0x10d85, "alphabetic"},                        \
        {0x10ec2, 0x10ec4, "alphabetic"}, {0x10efc, 0x10efc, "alphabetic"},                        \
        {0x11080, 0x11081, "alphabetic"}, {0x1123f, 0x11241, "alphabetic"},                        \
        {0x11380, 0x11389, "alphabetic"}, {0x1138b, 0x1138b, "alphabetic"},                        \
        {0x1138e, 0x1138e, "alphabetic"}, {0x11390, 0x113b5, "alphabetic"},                        \
        {0x113b7, 0x113c0, "alphabetic"}, {0x113c2, 0x113c2, "alphabetic"},                        \
        {0x113c5, 0x113c5, "alphabetic"}, {0x113c7, 0x113ca, "alphabetic"},                        \
        {0x113cc, 0x113cd, "alphabetic"}, {0x113d1, 0x113d1, "alphabetic"},                        \
        {0x113d3, 0x113d3, "alphabetic"}, {0x11bc0, 0x11be0, "alphabetic"},                        \
        {0x11f00, 0x11f10, "alphabetic"}, {0x11f12, 0x11f3a, "alphabetic"},                        \
        {0x11f3e, 0x11f40, "alphabetic"}, {0x1342f, 0x1342f, "alphabetic"},                        \
        {0x13441, 0x13446, "alphabetic"}, {0x13460, 0x143fa, "alphabetic"},                        \
        {0x16100, 0x1612e, "alphabetic"}, {0x16d40, 0x16d6c, "alphabetic"},                        \
        {0x18cff, 0x18cff, "alphabetic"}, {0x1b132, 0x1b132, "alphabetic"},                        \
        {0x1b155, 0x1b155, "alphabetic"}, {0x1df25, 0x1df2a, "alphabetic"},                        \
        {0x1e030, 0x1e06d, "alphabetic"}, {0x1e08f, 0x1e08f, "alphabetic"},                        \
        {0x1e4d0, 0x1e4eb, "alphabetic"}, {0x1e5d0, 0x1e5ed, "alphabetic"},                        \
        {0x1e5f0, 0x1e5f0, "alphabetic"}, {0x2b739, 0x2b739, "alphabetic"},                        \
        {0x2ebf0, 0x2ee5d, "alphabetic"}, {0x31350, 0x323af, "alphabetic"},                        \
        {0x10fc, 0x10fc, "cased"}, {0x1c89, 0x1c8a, "cased"}, {0xa7cb, 0xa7cd, "cased"},           \
        {0xa7da, 0xa7dc, "cased"}, {0xa7f2, 0xa7f4, "cased"}, {0xab69, 0xab69, "cased"},           \
        {0x10d50, 0x10d65, "cased"}, {0x10d70, 0x10d85, "cased"}, {0x1df25, 0x1df2a, "cased"},     \
        {0x1e030, 0x1e06d, "cased"}, {0x10d6e, 0x10d6e, "dash"}, {0xe3a, 0xe3a, "diacritic"},      \
        {0x1734, 0x1734, "diacritic"}, {0x1a60, 0x1a60, "diacritic"},                              \
        {0x1be6, 0x1be6, "diacritic"}, {0x1bf2, 0x1bf3, "diacritic"},                              \
        {0xa806, 0xa806, "diacritic"}, {0xa82c, 0xa82c, "diacritic"},                              \
        {0x10a38, 0x10a3a, "diacritic"}, {0x10a3f, 0x10a3f, "diacritic"},                          \
        {0x10d4e, 0x10d4e, "diacritic"}, {0x10d69, 0x10d6d, "diacritic"},                          \
        {0x10efd, 0x10eff, "diacritic"}, {0x1133b, 0x1133b, "diacritic"},                          \
        {0x113ce, 0x113d0, "diacritic"}, {0x113d2, 0x113d3, "diacritic"},                          \
        {0x113e1, 0x113e2, "diacritic"}, {0x11f41, 0x11f42, "diacritic"},                          \
        {0x11f5a, 0x11f5a, "diacritic"}, {0x13447, 0x13455, "diacritic"},                          \
        {0x1612f, 0x1612f, "diacritic"}, {0x16d6b, 0x16d6c, "diacritic"},                          \
        {0x1e030, 0x1e06d, "diacritic"}, {0x1e5ee, 0x1e5ef, "diacritic"},                          \
        {0x1f6dc, 0x1f6dc, "emoji"}, {0x1fa75, 0x1fa77, "emoji"}, {0x1fa87, 0x1fa89, "emoji"},     \
        {0x1fa8f, 0x1fa8f, "emoji"}, {0x1faad, 0x1faaf, "emoji"}, {0x1fabb, 0x1fabf, "emoji"},     \
        {0x1fac6, 0x1fac6, "emoji"}, {0x1face, 0x1facf, "emoji"}, {0x1fada, 0x1fadc, "emoji"},     \
        {0x1fadf, 0x1fadf, "emoji"}, {0x1fae8, 0x1fae9, "emoji"}, {0x1faf7, 0x1faf8, "emoji"},     \
        {0x1faf7, 0x1faf8, "emojimodifierbase"}, {0x1f6dc, 0x1f6dc, "emojipresentation"},          \
        {0x1fa75, 0x1fa77, "emojipresentation"}, {0x1fa87, 0x1fa89, "emojipresentation"},          \
        {0x1fa8f, 0x1fa8f, "emojipresentation"}, {0x1faad, 0x1faaf, "emojipresentation"},          \
        {0x1fabb, 0x1fabf, "emojipresentation"}, {0x1fac6, 0x1fac6, "emojipresentation"},          \
        {0x1face, 0x1facf, "emojipresentation"}, {0x1fada, 0x1fadc, "emojipresentation"},          \
        {0x1fadf, 0x1fadf, "emojipresentation"}, {0x1fae8, 0x1fae9, "emojipresentation"},          \
        {0x1faf7, 0x1faf8, "emojipresentation"}, {0xa71, 0xa71, "extender"},                       \
        {0xafb, 0xafb, "extender"}, {0x10d4e, 0x10d4e, "extender"},                                \
        {0x10d6a, 0x10d6a, "extender"}, {0x10d6f, 0x10d6f, "extender"},                            \
        {0x11237, 0x11237, "extender"}, {0x113d2, 0x113d3, "extender"},                            \
        {0x1e5ef, 0x1e5ef, "extender"}, {0x18cff, 0x18cff, "ideographic"},                         \
        {0x2b739, 0x2b739, "ideographic"}, {0x2ebf0, 0x2ee5d, "ideographic"},                      \
        {0x31350, 0x323af, "ideographic"}, {0x10fc, 0x10fc, "lowercase"},                          \
        {0x1c8a, 0x1c8a, "lowercase"}, {0xa7cd, 0xa7cd, "lowercase"},                              \
        {0xa7db, 0xa7db, "lowercase"}, {0xa7f2, 0xa7f4, "lowercase"},                              \
        {0xab69, 0xab69, "lowercase"}, {0x10d70, 0x10d85, "lowercase"},                            \
        {0x1df25, 0x1df2a, "lowercase"}, {0x1e030, 0x1e06d, "lowercase"},                          \
        {0x10d8e, 0x10d8f, "math"}, {0x17d4, 0x17d5, "sentenceterminal"},                          \
        {0x1b4e, 0x1b4f, "sentenceterminal"}, {0x1b7f, 0x1b7f, "sentenceterminal"},                \
        {0x2024, 0x2024, "sentenceterminal"}, {0x2cf9, 0x2cfb, "sentenceterminal"},                \
        {0xfe12, 0xfe12, "sentenceterminal"}, {0xfe15, 0xfe16, "sentenceterminal"},                \
        {0x113d4, 0x113d5, "sentenceterminal"}, {0x11f43, 0x11f44, "sentenceterminal"},            \
        {0x16d6e, 0x16d6f, "sentenceterminal"}, {0x836, 0x836, "terminalpunctuation"},             \
        {0x1b4e, 0x1b4f, "terminalpunctuation"}, {0x1b7f, 0x1b7f, "terminalpunctuation"},          \
        {0x2024, 0x2024, "terminalpunctuation"}, {0x2cf9, 0x2cfb, "terminalpunctuation"},          \
        {0xfe12, 0xfe12, "terminalpunctuation"}, {0xfe15, 0xfe16, "terminalpunctuation"},          \
        {0x113d4, 0x113d5, "terminalpunctuation"}, {0x11f43, 0x11f44, "terminalpunctuation"},      \
        {0x16d6e, 0x16d6f, "terminalpunctuation"}, {0x2b739, 0x2b739, "unifiedideograph"},         \
        {0x2ebf0, 0x2ee5d, "unifiedideograph"}, {0x31350, 0x323af, "unifiedideograph"},            \
        {0x1c89, 0x1c89, "uppercase"}, {0xa7cb, 0xa7cc, "uppercase"},                              \
        {0xa7da, 0xa7da, "uppercase"}, {0xa7dc, 0xa7dc, "uppercase"},                              \
        {0x10d50, 0x10d65, "uppercase"},

#endif
