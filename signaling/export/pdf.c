/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out lines and pages; fonts by fontconfig. */
#include "signaling/export/pdf.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/export/package.h"
#include "signaling/service.h"
#include <cairo/cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

/* PostScript points, 1/72 inch. */
#define PAGE_WIDTH    595.276 /* A4 */
#define PAGE_HEIGHT   841.890
#define MARGIN        46.0
#define LABEL_WIDTH   104.0
#define FOOT_HEIGHT   26.0
#define FOOT_NUMBER   150.0
#define HEADING_KEEP  60.0 /* a heading is not left alone at a page's end */
#define ROW_GAP       5.0
#define BOX_PAD       9.0
#define CONTENT_WIDTH (PAGE_WIDTH - 2 * MARGIN)
#define BOTTOM        (PAGE_HEIGHT - MARGIN - FOOT_HEIGHT)

#define PLACEHOLDER 0x25a1 /* white square */
#define MISSING_MAX 12     /* named at the foot of a page: as many as a line holds */

#define FAMILIES     "WenQuanYi Zen Hei, Noto Sans CJK SC, WenQuanYi Micro Hei, Sans"
#define SAMPLE_WORDS "会诊意见患者签署" /* a font with these is a font for Chinese */

#define FONT_TITLE   FAMILIES " Bold 20"
#define FONT_HEADING FAMILIES " Bold 12.5"
#define FONT_BOLD    FAMILIES " Bold 10.5"
#define FONT_TEXT    FAMILIES " 10.5"
#define FONT_SMALL   FAMILIES " 8"

struct colour {
    double r, g, b;
};
static const struct colour black = {0.07, 0.07, 0.07}, grey = {0.36, 0.36, 0.36},
                           blue = {0.05, 0.25, 0.45}, red = {0.72, 0.05, 0.05};

struct pdf {
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoFontMap *fonts;
    PangoContext *context;
    const char *foot;
    double y;
    int page, total_pages;
    struct export_bytes bytes;
    size_t room_bytes;
    bool too_long;
    gunichar missing[MISSING_MAX]; /* characters of this page that no font has, each once */
    size_t missing_count;          /* may be above MISSING_MAX */
};

static cairo_status_t take(void *self, const unsigned char *data, unsigned len)
{
    struct pdf *p = self;
    if (p->bytes.len_bytes + len > package_bound(PACKAGE_PDF)) {
        p->too_long = true;
        return CAIRO_STATUS_WRITE_ERROR;
    }
    if (p->bytes.len_bytes + len > p->room_bytes) {
        size_t room = 2 * (p->bytes.len_bytes + len);
        uint8_t *grown = realloc(p->bytes.data, room);
        if (!grown)
            return CAIRO_STATUS_NO_MEMORY;
        p->bytes.data = grown;
        p->room_bytes = room;
    }
    memcpy(p->bytes.data + p->bytes.len_bytes, data, len);
    p->bytes.len_bytes += len;
    return CAIRO_STATUS_SUCCESS;
}

/* Pango aborts where no font at all is installed, so fontconfig is asked first. */
static bool has_chinese_font(void)
{
    FcCharSet *wanted = FcCharSetCreate();
    FcPattern *pattern = FcPatternCreate();
    FcObjectSet *objects = FcObjectSetBuild(FC_FAMILY, (char *)NULL);
    bool found = false;
    for (const char *at = SAMPLE_WORDS; wanted && *at; at = g_utf8_next_char(at))
        FcCharSetAddChar(wanted, g_utf8_get_char(at));
    if (wanted && pattern && objects && FcPatternAddCharSet(pattern, FC_CHARSET, wanted)) {
        FcFontSet *set = FcFontList(NULL, pattern, objects);
        found = set && set->nfont > 0;
        if (set)
            FcFontSetDestroy(set);
    }
    if (objects)
        FcObjectSetDestroy(objects);
    if (pattern)
        FcPatternDestroy(pattern);
    if (wanted)
        FcCharSetDestroy(wanted);
    return found;
}

/* Characters that are not shown but change how others are: controls, line and paragraph separators,
 * turns of the reading direction, byte order mark. */
static bool invisible(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Noncharacters, which cairo refuses together with the whole text. */
static bool no_character(gunichar c)
{
    return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* What stands in the store may have come in by another way than the wire, which refuses them: they
 * are printed as a box, so that nothing hides and nothing looks like something else. */
static char *visible(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid) + 1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(out,
                                invisible(c) || c == 0xfffd || no_character(c) ? PLACEHOLDER : c);
        if (no_character(c))
            g_string_append_printf(out, "(U+%04X)", c);
    }
    g_free(valid);
    return g_string_free(out, FALSE);
}

static PangoLayout *layout_of(struct pdf *p, const char *font, double width, const char *text)
{
    PangoFontDescription *description = pango_font_description_from_string(font);
    PangoLayout *layout = pango_layout_new(p->context);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_auto_dir(layout, TRUE);
    pango_layout_set_line_spacing(layout, 1.15F);
    char *shown = visible(text);
    pango_layout_set_text(layout, shown, -1);
    g_free(shown);
    return layout;
}

static double height_of(PangoLayout *layout)
{
    int height = 0;
    pango_layout_get_size(layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void set_colour(struct pdf *p, const struct colour *c)
{
    cairo_set_source_rgb(p->cr, c->r, c->g, c->b);
}

static void add_missing(struct pdf *p, gunichar c)
{
    size_t kept = p->missing_count < MISSING_MAX ? p->missing_count : MISSING_MAX;
    for (size_t i = 0; i < kept; i++)
        if (p->missing[i] == c)
            return;
    if (kept < MISSING_MAX)
        p->missing[kept] = c;
    p->missing_count++;
}

/* Pango draws a box with the code point in it where no font has the character. */
static void note_missing(struct pdf *p, const PangoLayoutLine *line)
{
    for (const GSList *r = line->runs; r; r = r->next) {
        const PangoGlyphString *glyphs = ((const PangoLayoutRun *)r->data)->glyphs;
        for (int i = 0; i < glyphs->num_glyphs; i++)
            if (glyphs->glyphs[i].glyph & PANGO_GLYPH_UNKNOWN_FLAG)
                add_missing(p, glyphs->glyphs[i].glyph & ~PANGO_GLYPH_UNKNOWN_FLAG);
    }
}

static void draw(struct pdf *p, PangoLayout *layout, double x, double y, const struct colour *c)
{
    set_colour(p, c);
    cairo_move_to(p->cr, x, y);
    for (const GSList *l = pango_layout_get_lines_readonly(layout); l; l = l->next)
        note_missing(p, l->data);
    pango_cairo_show_layout(p->cr, layout);
    g_object_unref(layout);
}

/* The paper may lack a character, never hide that it does. */
static void draw_missing(struct pdf *p)
{
    GString *text = g_string_new("字形缺失 no font has:");
    size_t count = p->missing_count < MISSING_MAX ? p->missing_count : MISSING_MAX;
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(text, " U+%04X", p->missing[i]);
    g_string_append(text, p->missing_count > count ? " …" : "");
    PangoLayout *layout = layout_of(p, FONT_SMALL, CONTENT_WIDTH, text->str);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    if (count > 0)
        draw(p, g_object_ref(layout), MARGIN, BOTTOM + 1, &red);
    g_object_unref(layout);
    g_string_free(text, TRUE);
    p->missing_count = 0;
}

static void draw_foot(struct pdf *p)
{
    char number[96];
    draw_missing(p);
    double y = PAGE_HEIGHT - MARGIN - FOOT_HEIGHT + 14;
    set_colour(p, &grey);
    cairo_set_line_width(p->cr, 0.5);
    cairo_move_to(p->cr, MARGIN, y);
    cairo_line_to(p->cr, PAGE_WIDTH - MARGIN, y);
    cairo_stroke(p->cr);
    draw(p, layout_of(p, FONT_SMALL, CONTENT_WIDTH - FOOT_NUMBER, p->foot), MARGIN, y + 5, &grey);
    snprintf(number, sizeof(number), "第 %d 页，共 %d 页   page %d of %d", p->page, p->total_pages,
             p->page, p->total_pages);
    PangoLayout *layout = layout_of(p, FONT_SMALL, FOOT_NUMBER, number);
    pango_layout_set_alignment(layout, PANGO_ALIGN_RIGHT);
    draw(p, layout, PAGE_WIDTH - MARGIN - FOOT_NUMBER, y + 5, &grey);
}

static void next_page(struct pdf *p)
{
    draw_foot(p);
    cairo_show_page(p->cr);
    p->page++;
    p->y = MARGIN;
}

static void keep_together(struct pdf *p, double height)
{
    if (p->y + height > BOTTOM && p->y > MARGIN)
        next_page(p);
}

/* Advances as the font has them: rounding to pixels is for screens. */
static void set_font_options(PangoContext *context)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
}

int pdf_new(struct pdf **out, const char *foot, int total_pages, struct export_problem *problem)
{
    *out = NULL;
    if (!has_chinese_font()) {
        problem->fault = EXPORT_NO_FONT;
        return SQ_ERR_UNSUPPORTED;
    }
    struct pdf *p = calloc(1, sizeof(*p));
    if (!p)
        return SQ_ERR_NOMEM;
    p->foot = foot;
    p->total_pages = total_pages;
    p->page = 1;
    p->y = MARGIN;
    p->surface = cairo_pdf_surface_create_for_stream(take, p, PAGE_WIDTH, PAGE_HEIGHT);
    p->cr = cairo_create(p->surface);
    p->fonts = pango_cairo_font_map_new();
    p->context = pango_font_map_create_context(p->fonts);
    pango_cairo_context_set_resolution(p->context, 72.0); /* font sizes are points of the page */
    pango_context_set_language(p->context, pango_language_from_string("zh-cn"));
    set_font_options(p->context);
    *out = p;
    return 0;
}

void pdf_title(struct pdf *p, const char *zh, const char *en)
{
    PangoLayout *title = layout_of(p, FONT_TITLE, CONTENT_WIDTH, zh);
    PangoLayout *below = layout_of(p, FONT_TEXT, CONTENT_WIDTH, en);
    pango_layout_set_alignment(title, PANGO_ALIGN_CENTER);
    pango_layout_set_alignment(below, PANGO_ALIGN_CENTER);
    double first = height_of(title), second = height_of(below);
    draw(p, title, MARGIN, p->y, &black);
    draw(p, below, MARGIN, p->y + first + 2, &grey);
    p->y += first + second + 10;
}

void pdf_heading(struct pdf *p, const char *zh, const char *en)
{
    PangoLayout *heading = layout_of(p, FONT_HEADING, CONTENT_WIDTH, zh);
    PangoLayout *beside = layout_of(p, FONT_SMALL, CONTENT_WIDTH, en);
    int width = 0;
    double height = height_of(heading), small = height_of(beside);
    keep_together(p, height + HEADING_KEEP);
    pango_layout_get_size(heading, &width, NULL);
    p->y += 6;
    draw(p, heading, MARGIN, p->y, &blue);
    draw(p, beside, MARGIN + (double)width / PANGO_SCALE + 8, p->y + height - small - 1.5, &grey);
    p->y += height + 2;
    set_colour(p, &blue);
    cairo_set_line_width(p->cr, 0.8);
    cairo_move_to(p->cr, MARGIN, p->y);
    cairo_line_to(p->cr, PAGE_WIDTH - MARGIN, p->y);
    cairo_stroke(p->cr);
    p->y += 6;
}

/* Line by line, over as many pages as it takes. */
static void flow(struct pdf *p, PangoLayout *layout, double x)
{
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    do {
        PangoRectangle line;
        int top = 0, bottom = 0;
        pango_layout_iter_get_line_extents(iter, NULL, &line);
        pango_layout_iter_get_line_yrange(iter, &top, &bottom);
        double height = (double)(bottom - top) / PANGO_SCALE;
        if (p->y + height > BOTTOM)
            next_page(p);
        set_colour(p, &black);
        cairo_move_to(p->cr, x + (double)line.x / PANGO_SCALE,
                      p->y + (double)(pango_layout_iter_get_baseline(iter) - top) / PANGO_SCALE);
        note_missing(p, pango_layout_iter_get_line_readonly(iter));
        pango_cairo_show_layout_line(p->cr, pango_layout_iter_get_line_readonly(iter));
        p->y += height;
    } while (pango_layout_iter_next_line(iter));
    pango_layout_iter_free(iter);
}

void pdf_row(struct pdf *p, const char *zh, const char *en, const char *text)
{
    PangoLayout *label = layout_of(p, FONT_BOLD, LABEL_WIDTH - 8, zh);
    PangoLayout *below = layout_of(p, FONT_SMALL, LABEL_WIDTH - 8, en);
    PangoLayout *layout = layout_of(p, FONT_TEXT, CONTENT_WIDTH - LABEL_WIDTH, text);
    double first = height_of(label), labels = first + height_of(below);
    keep_together(p, labels);
    double top = p->y;
    int page = p->page;
    draw(p, label, MARGIN, top, &black);
    draw(p, below, MARGIN, top + first - 1, &grey);
    flow(p, layout, MARGIN + LABEL_WIDTH);
    g_object_unref(layout);
    if (p->page == page && p->y < top + labels)
        p->y = top + labels;
    p->y += ROW_GAP;
}

void pdf_box(struct pdf *p, const char *zh, const char *en, bool alarm)
{
    const struct colour *c = alarm ? &red : &blue;
    PangoLayout *first = layout_of(p, FONT_BOLD, CONTENT_WIDTH - 2 * BOX_PAD, zh);
    PangoLayout *second = layout_of(p, FONT_SMALL, CONTENT_WIDTH - 2 * BOX_PAD, en);
    double one = height_of(first), height = one + height_of(second) + 2 + 2 * BOX_PAD;
    keep_together(p, height + ROW_GAP);
    p->y += ROW_GAP;
    set_colour(p, c);
    cairo_set_line_width(p->cr, alarm ? 1.6 : 0.8);
    cairo_rectangle(p->cr, MARGIN, p->y, CONTENT_WIDTH, height);
    cairo_stroke(p->cr);
    draw(p, first, MARGIN + BOX_PAD, p->y + BOX_PAD, c);
    draw(p, second, MARGIN + BOX_PAD, p->y + BOX_PAD + one + 2, alarm ? c : &grey);
    p->y += height + ROW_GAP;
}

int pdf_pages(const struct pdf *p)
{
    return p->page;
}

static int result_of(const struct pdf *p, struct export_problem *problem)
{
    if (p->too_long) {
        problem->fault = EXPORT_TOO_LONG;
        package_name(PACKAGE_PDF, problem->detail);
        return SQ_ERR_LIMIT;
    }
    bool good = cairo_status(p->cr) == CAIRO_STATUS_SUCCESS &&
                cairo_surface_status(p->surface) == CAIRO_STATUS_SUCCESS && p->bytes.data;
    return good ? 0 : SQ_ERR_NOMEM;
}

int pdf_finish(struct pdf *p, const char *title, time_us utc_us, struct export_bytes *out,
               struct export_problem *problem)
{
    char created[SERVICE_TIME_MAX];
    service_time_text(utc_us, created);
    memcpy(created + strlen("2026-01-31T08:15:00"), "Z", 2); /* cairo reads no fractions */
    cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, created);
    draw_foot(p);
    cairo_show_page(p->cr);
    cairo_surface_finish(p->surface);
    int status = result_of(p, problem);
    if (status == 0) {
        *out = p->bytes;
        p->bytes = (struct export_bytes){0};
    }
    return status;
}

void pdf_free(struct pdf *p)
{
    if (!p)
        return;
    cairo_destroy(p->cr);
    cairo_surface_destroy(p->surface);
    g_object_unref(p->context);
    g_object_unref(p->fonts);
    free(p->bytes.data);
    free(p);
}
