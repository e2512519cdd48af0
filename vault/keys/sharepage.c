#include "sharepage.h"

#include "qrcode.h"
#include "share.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TEXT_CAP (16u << 10) /* bytes to begin with */
#define HTML_CAP (64u << 10)

/* %u: how many shares it takes. No line begins with a number. */
static const struct {
	const char *head, *text;
} prose[] = {
    {"What this is",
     "One share of a secret key, which somebody has cut among people they\n"
     "trust. Any %u of the shares restore the key. Fewer say nothing about\n"
     "it, and none says whose it is.\n"},
    {"What to do with it",
     "Keep this sheet dry, out of sight, and where you will find it. If it is\n"
     "lost, or somebody may have seen it, tell the person it comes from. Give\n"
     "it to that person when they ask for it themselves: face to face, or by\n"
     "a voice that you know; or to whom the two of you have agreed on.\n"},
    {"What not to do",
     "Do not photograph or copy it, do not send it, and type it into nothing\n"
     "but the computer on which the key is being restored. Write no name on\n"
     "it. Keep it apart from other shares, and do not look for those who have\n"
     "them. Do not hand it over because a letter, a message or a stranger\n"
     "says so.\n"},
    {"How the key is restored",
     "On a computer without a network, with the program Muniment:\n"
     "\"muniment id join -\" asks for the lines below, with their numbers, or\n"
     "takes what a scanner reads from the square code. The program's file\n"
     "FORMAT.md, under \"Shares\", says how to do it without the program.\n"},
};
#define PROSE (sizeof prose / sizeof *prose)

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>A share of a key</title>\n<style>\n"
    "@page { size: A4; margin: 15mm }\n"
    "body { font: 10pt/1.35 serif; color: #000; background: #fff;"
    " max-width: 180mm; margin: 0 auto }\n"
    "h1 { font-size: 16pt; margin: 0 0 2mm }\n"
    "h2 { font-size: 11pt; margin: 3mm 0 0 }\n"
    "p { margin: 0 }\n"
    "svg { float: right; width: 70mm; margin: 0 0 3mm 5mm }\n"
    "pre { clear: both; font: 10pt/1.4 monospace; margin: 0; padding-top: 3mm;"
    " break-inside: avoid }\n"
    "</style>\n</head>\n<body>\n";

void
sharepage_set(const uint8_t *set, char out[SHAREPAGE_SET_MAX])
{
	snprintf(out, SHAREPAGE_SET_MAX, "%02X%02X-%02X%02X", set[0], set[1],
		 set[2], set[3]);
}

static int
add(struct secret *s, const char *text)
{
	return secret_append(s, text, strlen(text));
}

/* Texts one behind the other, up to a NULL. */
static int
add_list(struct secret *s, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (add(s, *texts) != 0)
			return -1;
	return 0;
}
#define ADD(s, ...) add_list(s, (const char *const[]){__VA_ARGS__, NULL})

/* Foreign text that shall mean itself in HTML. */
static int
add_escaped(struct secret *s, const char *text)
{
	int rc = 0;

	for (; *text != '\0'; text++)
		rc |= *text == '&'   ? add(s, "&amp;")
		      : *text == '<' ? add(s, "&lt;")
		      : *text == '>' ? add(s, "&gt;")
		      : *text == '"' ? add(s, "&quot;")
				     : secret_append(s, text, 1);
	return rc;
}

/* A text with one %u in it at the most. */
static int
add_prose(struct secret *s, const char *text, unsigned threshold)
{
	const char *at = strstr(text, "%u");
	char number[12];

	if (at == NULL)
		return add(s, text);
	snprintf(number, sizeof number, "%u", threshold);
	if (secret_append(s, text, (size_t)(at - text)) != 0)
		return -1;
	return ADD(s, number, at + 2);
}

static int
add_lines(struct secret *s, const uint8_t *bytes, size_t len)
{
	char text[SHARE_LINE_MAX];
	int rc = 0;

	for (size_t i = 0; i < len; i += SHARE_LINE_BYTES) {
		unsigned n = (unsigned)(i / SHARE_LINE_BYTES + 1);

		share_line_encode(bytes + i, n, text);
		/* a gap, so that the eye does not lose its line */
		rc |= ADD(s, n % 5 == 1 && n > 1 ? "\n" : "", text, "\n");
	}
	secret_wipe(text, sizeof text);
	return rc;
}

/* "Share 2 of set 5F3A-91C2; any 3 restore the key." */
static void
title(const struct share *sh, char out[100])
{
	char set[SHAREPAGE_SET_MAX];

	sharepage_set(sh->set, set);
	snprintf(out, 100, "Share %u of set %s; any %u restore the key",
		 sh->index, set, sh->threshold);
}

static struct secret *
finish(struct secret *s, int rc, struct err *e)
{
	if (rc == 0)
		return s;
	secret_free(s);
	err_memory(e);
	return NULL;
}

struct secret *
sharepage_text(const uint8_t *bytes, size_t len, const char *label,
	       struct err *e)
{
	struct secret *s = secret_new(TEXT_CAP);
	struct share sh = {0};
	char line[100];
	int rc;

	if (s == NULL)
		return finish(s, -1, e);
	rc = share_decode(bytes, len, &sh);
	assert(rc == FORMAT_OK);
	title(&sh, line);
	rc = ADD(s, line, "\n");
	if (label != NULL)
		rc |= ADD(s, "Label: ", label, "\n");
	for (size_t i = 0; i < PROSE; i++) {
		rc |= ADD(s, "\n", prose[i].head, "\n\n");
		rc |= add_prose(s, prose[i].text, sh.threshold);
	}
	rc |= add(s, "\n");
	rc |= add_lines(s, bytes, len);
	return finish(s, rc, e);
}

static int
add_code(struct secret *s, const uint8_t *bytes, size_t len, struct err *e)
{
	char text[SHARE_CODE_MAX];
	int rc;

	share_code_encode(bytes, len, text);
	rc = qrcode_svg(text, s, e);
	secret_wipe(text, sizeof text);
	return rc;
}

struct secret *
sharepage_html(const uint8_t *bytes, size_t len, const char *label,
	       struct err *e)
{
	struct secret *s = secret_new(HTML_CAP);
	struct share sh = {0};
	char line[100];
	int rc;

	if (s == NULL)
		return finish(s, -1, e);
	rc = share_decode(bytes, len, &sh);
	assert(rc == FORMAT_OK);
	title(&sh, line);
	rc = ADD(s, html_head, "<h1>A share of a key</h1>\n");
	rc |= add_code(s, bytes, len, e);
	rc |= ADD(s, "<p><b>", line, ".</b></p>\n");
	if (label != NULL) {
		rc |= add(s, "<p>Label: ");
		rc |= add_escaped(s, label);
		rc |= add(s, "</p>\n");
	}
	for (size_t i = 0; i < PROSE; i++) {
		rc |= ADD(s, "<h2>", prose[i].head, "</h2>\n<p>");
		rc |= add_prose(s, prose[i].text, sh.threshold);
		rc |= add(s, "</p>\n");
	}
	rc |= add(s, "<pre>\n");
	rc |= add_lines(s, bytes, len);
	rc |= add(s, "</pre>\n</body>\n</html>\n");
	return finish(s, rc, e);
}
