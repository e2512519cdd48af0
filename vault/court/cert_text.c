/* 00-READ-ME-FIRST.txt, and how plain texts are set. */
#include "cert_inside.h"

#include <stdlib.h>
#include <string.h>

#define LINE 76 /* characters of a line */

/* The length of the word at s in characters; *bytes: in bytes. */
static size_t
word_at(const char *s, size_t *bytes)
{
	size_t n = 0;

	for (*bytes = 0; s[*bytes] != '\0' && s[*bytes] != ' '; (*bytes)++)
		n += (s[*bytes] & 0xc0) != 0x80;
	return n;
}

void
cert_wrap(FILE *f, const char *first, const char *text)
{
	size_t column = strlen(first), indent = column, bytes;
	char *safe = malloc(DOC_TEXT_MAX);
	const char *s = safe;

	fputs(first, f);
	if (safe == NULL) {
		fputs(text, f);
		fputc('\n', f);
		return;
	}
	err_escape(safe, DOC_TEXT_MAX, text, strlen(text));
	while (*s != '\0') {
		size_t n = word_at(s, &bytes);

		if (column > indent && column + 1 + n > LINE) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', f);
			column++;
		}
		fwrite(s, 1, bytes, f);
		column += n;
		s += bytes;
		while (*s == ' ')
			s++;
	}
	fputc('\n', f);
	free(safe);
}

void
cert_title(FILE *f, const char *text, char line)
{
	size_t n = 0;

	for (const char *s = text; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	fprintf(f, "%s\n", text);
	while (n-- > 0)
		fputc(line, f);
	fputc('\n', f);
}

int
cert_close(FILE *f, char **out, struct cert *x, int rc, struct err *e)
{
	if (f == NULL || fclose(f) != 0 || x->broken)
		rc = err_memory(e);
	if (rc != 0) {
		free(*out);
		*out = NULL;
	}
	cert_free(x);
	return rc;
}

/* What is where. */
static void
contents(struct cert *x, FILE *f)
{
	const json_t *only;
	size_t n = cert_files(x, &only);

	cert_title(f, cert_t(x, "read.start"), '-');
	fputc('\n', f);
	cert_wrap(f, "1. ", cert_t(x, "read.certificate"));
	cert_wrap(f, "2. ", cert_t(x, "read.verify"));
	cert_wrap(f, "3. ", cert_t(x, n > 0 ? "read.data" : "read.data.none"));
	cert_wrap(f, "4. ", cert_t(x, "read.commands"));
	cert_wrap(f, "5. ", cert_t(x, "read.proof"));
	if (cert_s(x->f, "profile")[0] != '\0')
		cert_wrap(f, "6. ", cert_t(x, "read.filing"));
	if (json_is_true(json_object_get(x->f, "count")))
		cert_wrap(f, "*  ", cert_t(x, "read.count"));
}

static void
read_me(struct cert *x, FILE *f)
{
	const json_t *seal = json_object_get(x->f, "seal");
	const char *exhibit = cert_value(x, "exhibit_number");
	const char *id = cert_keep(x, doc_groups(cert_s(x->f, "id")));

	cert_title(f, cert_t(x, "read.title"), '=');
	fputc('\n', f);
	cert_wrap(f, "",
		  CERT_FILL(x, "read.package", "id", id, "time",
			    cert_time(x, cert_s(x->f, "made"))));
	if (exhibit[0] != '\0')
		cert_wrap(f, "",
			  cert_printf(x, "%s: %s",
				      cert_t(x, "cert.exhibit_number"),
				      exhibit));
	fputc('\n', f);
	cert_wrap(f, "", cert_t(x, "read.about"));
	fputc('\n', f);
	contents(x, f);
	fputc('\n', f);
	cert_title(f, cert_t(x, "read.care"), '-');
	fputc('\n', f);
	cert_wrap(f, "* ", cert_t(x, "read.care.copy"));
	if (seal != NULL) {
		cert_wrap(f, "* ", cert_t(x, "read.care.key"));
		cert_wrap(f, "  ", cert_s(seal, "fingerprint"));
	}
	fputc('\n', f);
	cert_title(f, cert_t(x, "read.not"), '-');
	fputc('\n', f);
	cert_wrap(f, "", cert_t(x, "read.not.text"));
}

/* In the language of the court, and in English too. */
int
certificate_readme(const json_t *facts, const struct cert_choice *c, char **out,
		   size_t *len, struct err *e)
{
	const struct cert_choice english = {"en", c->declaration, c->values};
	struct cert x = {0}, en = {0};
	FILE *f = NULL;
	int rc = -1;

	*out = NULL;
	if (cert_new(&x, facts, c, e) == 0 &&
	    cert_new(&en, facts, &english, e) == 0) {
		f = open_memstream(out, len);
		if (f != NULL) {
			rc = 0;
			read_me(&x, f);
		}
		if (f != NULL && strcmp(c->lang, "en") != 0) {
			fputs("\n\n", f);
			read_me(&en, f);
		}
		x.broken = x.broken || en.broken;
		cert_free(&en);
		return cert_close(f, out, &x, rc, e);
	}
	cert_free(&en);
	cert_free(&x);
	return -1;
}
