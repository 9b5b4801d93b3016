#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libdeflate.h>

#include "../store_fixture.h"
#include "azimuth/corpus.h"
#include "base/memory.h"
#include "store/file.h"
#include "text/builtin.h"
#include "text/markup.h"
#include "text/utf8.h"
#include "text/ztext.h"

static void assert_prose(const char *markup, const char *expected)
{
    struct az_buffer prose = {0};
    char *text;
    size_t length;
    assert_int_equal(az_markup_strip(markup, strlen(markup), &prose, NULL), AZ_OK);
    assert_int_equal(az_buffer_take(&prose, &text, &length, NULL), AZ_OK);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    az_memory_free(text);
}

static void tags_vanish_and_blocks_begin_lines(void **state)
{
    (void)state;
    assert_prose("<w lemma=\"x\">In</w> <w>the</w> be<b>gin</b>ning", "In the beginning\n");
    assert_prose("<title>A</title><div sID=\"1\"/>b \t\n c<l/>d<lb/>e", "A\nb c\nd\ne\n");
    assert_prose("  <p> </p><P>x</P>\n\n<Div>y ", "x\ny\n");
    assert_prose("<br/> <div></div>", "");
    assert_prose("a<averyveryverylongname>b</averyveryverylongname>c", "abc\n");
}

static void notes_are_dropped_and_never_glue_words(void **state)
{
    (void)state;
    assert_prose("God<note n=\"1\">or <b>gods</b></note>created", "God created\n");
    assert_prose("God<note>x</note> made<note>y</note>, and<note/> saw", "God made, and saw\n");
    assert_prose("said,<note>x</note>\xe2\x80\x9cGo<note>y</note>\xe2\x80\x9d", /* “Go” */
                 "said, \xe2\x80\x9cGo\xe2\x80\x9d\n");
    assert_prose("a<note>b<note>c</note>d</note>e", "a e\n");
    assert_prose("a<note>never closed", "a never closed\n");
    assert_prose("<head><title>T</title></head>x<!-- <p> y > -->z", "xz\n");
}

static void entities_and_stray_signs_are_characters(void **state)
{
    (void)state;
    assert_prose("a &amp; b &lt;c&gt; &#65;&#x42; &quot;&apos;", "a & b <c> AB \"'\n");
    assert_prose("x&nbsp;y&#32;&#10;z", "x y z\n");
    assert_prose("&nothing; & &; &#xd800; &#99999999999;",
                 "&nothing; & &; &#xd800; &#99999999999;\n");
    assert_prose("1 < 2 <3 a<", "1 < 2 <3 a<\n");
    assert_prose("a <b", "a <b\n");
}

/* A testament of two books, the second block unused. */
static void write_testament(const char *name, const char *first, const char *second)
{
    unsigned char index[36] = {0}, blocks[512];
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    size_t used = 0;
    for (int n = 0; n < 3; n++) {
        const char *text = n == 0 ? first : second;
        if (n == 1) continue;
        size_t bytes = libdeflate_zlib_compress(compressor, text, strlen(text), blocks + used,
                                                sizeof blocks - used);
        index[12 * n] = (unsigned char)used;
        index[12 * n + 4] = (unsigned char)bytes;
        index[12 * n + 8] = (unsigned char)strlen(text);
        used += bytes;
    }
    libdeflate_free_compressor(compressor);
    char file[16];
    snprintf(file, sizeof file, "%s.bzs", name);
    fixture_write(fixture_path(file), index, sizeof index);
    snprintf(file, sizeof file, "%s.bzz", name);
    fixture_write(fixture_path(file), blocks, used);
}

static void a_bible_is_its_books_in_order(void **state)
{
    (void)state;
    struct az_buffer prose = {0};
    write_testament("ot", "<w>In</w> the", "<p>beginning</p>");
    write_testament("nt", "was", "the <note>x</note>Word");
    assert_int_equal(az_ztext_read(fixture_directory, &prose, NULL), AZ_OK);
    static const char expected[] = "In the\nbeginning\nwas\nthe Word\n";
    assert_int_equal(prose.length, sizeof expected - 1);
    assert_memory_equal(prose.bytes, expected, prose.length);
    az_buffer_free(&prose);
}

static void a_damaged_bible_is_refused(void **state)
{
    (void)state;
    unsigned char index[64];
    struct az_error error;
    write_testament("ot", "In the", "beginning");
    write_testament("nt", "was", "the Word");
    long length = fixture_read(fixture_path("ot.bzs"), index, sizeof index);
    /* Offset, compressed length (too long, too short), length of the text (both ways, absurd). */
    static const struct {
        int at, bits;
    } damages[] = {{0, 1}, {1, 1}, {5, 1}, {8, 1}, {9, 1}, {11, 0x80}};
    for (size_t n = 0; n < sizeof damages / sizeof damages[0]; n++) {
        struct az_buffer prose = {0};
        index[damages[n].at] ^= (unsigned char)damages[n].bits;
        fixture_write(fixture_path("ot.bzs"), index, (size_t)length);
        assert_int_equal(az_ztext_read(fixture_directory, &prose, &error), AZ_FORMAT);
        assert_string_equal(error.file, fixture_path("ot.bzs"));
        assert_int_equal(error.offset, 0);
        index[damages[n].at] ^= (unsigned char)damages[n].bits;
        az_buffer_free(&prose);
    }
    struct az_buffer prose = {0};
    fixture_write(fixture_path("ot.bzs"), index, (size_t)length - 1); /* half an entry */
    assert_int_equal(az_ztext_read(fixture_directory, &prose, &error), AZ_FORMAT);
    index[4]--; /* a block cut short */
    fixture_write(fixture_path("ot.bzs"), index, (size_t)length);
    assert_int_equal(az_ztext_read(fixture_directory, &prose, &error), AZ_FORMAT);
    az_buffer_free(&prose);
}

static void a_missing_package_is_named_with_its_command(void **state)
{
    (void)state;
    struct az_error error;
    char *text;
    size_t length;
    setenv("AZ_SHARE", fixture_directory, 1);
#define CHECK(name, package, meaning)                                                              \
    assert_int_equal(az_corpus_read(name, &text, &length, &error), AZ_MISSING);                    \
    assert_non_null(strstr(error.message, "apt install " package));                                \
    assert_true(az_builtin_is(name));
    AZ_TEXT_TABLE(CHECK)
#undef CHECK
    unsetenv("AZ_SHARE");
    assert_int_equal(az_corpus_read("wbe", &text, &length, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "did you mean 'web'"));
}

static void a_word_list_loses_its_count_and_flags(void **state)
{
    (void)state;
    char *text;
    size_t length;
    assert_int_equal(az_directory_create(fixture_path("hunspell"), NULL), AZ_OK);
    const char *path = fixture_path("hunspell/th_TH.dic");
    /* บ/ช is a word with a slash. */
    const char *list = "4\r\none/AB\ntwo\n\n\xe0\xb8\x9a/\xe0\xb8\x8a\n1,2/3,4\n/x";
    fixture_write(path, list, strlen(list));
    setenv("AZ_SHARE", fixture_directory, 1);
    assert_int_equal(az_corpus_read("thai", &text, &length, NULL), AZ_OK);
    assert_string_equal(text, "one\ntwo\n\xe0\xb8\x9a/\xe0\xb8\x8a\n1,2\n/x\n");
    az_corpus_free_text(text);
    unsetenv("AZ_SHARE");
    unlink(path);
}

static void assert_refused(const char *bytes, size_t length_bytes, int64_t line, int64_t offset,
                           const char *words)
{
    char *text = (char *)1;
    size_t length = 1;
    struct az_error error;
    fixture_write(fixture_path("text"), bytes, length_bytes);
    assert_int_equal(az_corpus_read(fixture_path("text"), &text, &length, &error), AZ_FORMAT);
    assert_null(text);
    assert_int_equal(error.line, line);
    assert_int_equal(error.offset, offset);
    assert_string_equal(error.file, fixture_path("text"));
    assert_non_null(strstr(error.message, words));
}

static void what_is_no_text_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    assert_refused("", 0, -1, -1, "empty");
    assert_refused("a\nb\0c", 5, 2, 3, "NUL");
    assert_refused("a\n\nb\xff\xfe", 6, 3, 4, "byte 4: ff fe;");
    assert_refused("ab\xe0\xb8", 4, 1, 2, "e0 b8;");             /* cut short */
    assert_refused("\xc0\xaf", 2, 1, 0, "c0 af;");               /* overlong */
    assert_refused("x\xed\xa0\x80zzz", 7, 1, 1, "ed a0 80 7a;"); /* surrogate */
    assert_refused("\xf4\x90\x80\x80", 4, 1, 0, "f4 90 80 80;"); /* beyond U+10FFFF */
}

static void several_texts_follow_each_other_on_new_lines(void **state)
{
    (void)state;
    char names[1100], *text;
    size_t length;
    fixture_write(fixture_path("a"), "one", 3);
    fixture_write(fixture_path("b"), "two\n", 4);
    snprintf(names, sizeof names, " %s  %s\n", fixture_path("a"), fixture_path("b"));
    assert_int_equal(az_corpus_read_all(names, &text, &length, NULL), AZ_OK);
    assert_string_equal(text, "one\ntwo\n");
    assert_int_equal(length, 8);
    az_corpus_free_text(text);
    assert_int_equal(az_corpus_read_all(" ", &text, &length, NULL), AZ_USAGE);
}

static void a_text_is_measured(void **state)
{
    (void)state;
    const char *text = "a b\n\n \xe0\xb8\x81\xc2\xa0\xe2\x80\x9c\nd";
    struct az_text_measure measure = az_corpus_measure(text, strlen(text));
    assert_int_equal(measure.bytes, strlen(text));
    assert_int_equal(measure.characters, 11);
    assert_int_equal(measure.words, 5);
    assert_int_equal(measure.lines, 4);
    assert_int_equal(az_corpus_measure("a\n", 2).lines, 1);
}

static void every_code_point_is_encoded_and_decoded(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x110010; code++) {
        char bytes[4];
        size_t length, count = az_utf8_encode(code, bytes);
        if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff) {
            assert_int_equal(count, 0);
            continue;
        }
        assert_int_equal(az_utf8_decode(bytes, &length), code);
        assert_int_equal(length, count);
        assert_int_equal(az_utf8_length(bytes[0]), count);
        assert_int_equal(az_utf8_invalid(bytes, count), count);
        assert_true(count == 1 || az_utf8_invalid(bytes, count - 1) == 0);
    }
}

static void a_failed_allocation_leaks_nothing(void **state)
{
    (void)state;
    char *text;
    size_t length;
    fixture_write(fixture_path("a"), "one", 3);
    for (size_t n = 1; n < 20; n++) {
        az_memory_fail_after(n);
        enum az_status status = az_corpus_read_all(fixture_path("a"), &text, &length, NULL);
        az_memory_fail_after(0);
        if (status == AZ_OK) {
            assert_string_equal(text, "one");
            az_corpus_free_text(text);
            return;
        }
        assert_int_equal(status, AZ_MEMORY);
        assert_null(text);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_vanish_and_blocks_begin_lines),
        cmocka_unit_test(notes_are_dropped_and_never_glue_words),
        cmocka_unit_test(entities_and_stray_signs_are_characters),
        cmocka_unit_test(a_bible_is_its_books_in_order),
        cmocka_unit_test(a_damaged_bible_is_refused),
        cmocka_unit_test(a_missing_package_is_named_with_its_command),
        cmocka_unit_test(a_word_list_loses_its_count_and_flags),
        cmocka_unit_test(what_is_no_text_is_refused_at_its_first_byte),
        cmocka_unit_test(several_texts_follow_each_other_on_new_lines),
        cmocka_unit_test(a_text_is_measured),
        cmocka_unit_test(every_code_point_is_encoded_and_decoded),
        cmocka_unit_test(a_failed_allocation_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
