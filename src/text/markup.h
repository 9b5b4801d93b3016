/* markup.h: prose out of marked-up text: OSIS (Bibles of the SWORD project) and HTML.
 *
 * - What stands in <note>, <head>, <script>, <style> and comments is dropped.
 * - A block element (paragraph, title, verse line, list item, ...) begins a new line; every other
 *   tag vanishes without a trace, so that words marked up letter by letter stay whole.
 * - White space is one space; none at the ends of lines; no empty lines; every line ends in \n.
 * - Where a note was dropped between two words that nothing else parts, a space is put.
 * - &amp; &lt; &gt; &quot; &apos; &nbsp; and numeric references are resolved. */
#ifndef AZ_TEXT_MARKUP_H
#define AZ_TEXT_MARKUP_H

#include "base/buffer.h"

/* Appends the prose of `markup` (valid UTF-8) to prose. */
enum az_status az_markup_strip(const char *markup, size_t length_bytes, struct az_buffer *prose,
                               struct az_error *error);

#endif
