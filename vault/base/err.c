#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL || e->code != ERR_NONE)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	if (e == NULL || e->code != ERR_NONE)
		return -1;
	e->code = ERR_UNKNOWN;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s", strerror(saved));
	return -1;
}

int
err_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

int
err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL || e->hint[0] != '\0')
		return -1;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
	return -1;
}

void
err_clear(struct err *e)
{
	memset(e, 0, sizeof *e);
}

/* Length of the well-formed UTF-8 sequence at p, or 0. */
static size_t
utf8_len(const uint8_t *p, size_t left, uint32_t *cp)
{
	size_t n = p[0] < 0x80		   ? 1
		   : (p[0] & 0xe0) == 0xc0 ? 2
		   : (p[0] & 0xf0) == 0xe0 ? 3
		   : (p[0] & 0xf8) == 0xf0 ? 4
					   : 0;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};

	if (n == 0 || n > left)
		return 0;
	*cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

/* Characters that a terminal obeys, or that turn the reading direction. */
static int
is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c ||
	       (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0xe0000 && cp <= 0xe007f);
}

char *
err_escape(char *out, size_t cap, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t o = 0;

	if (cap == 0)
		return out;
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = utf8_len(p + i, len - i, &cp);
		int plain = n > 0 && !is_unsafe(cp);
		size_t take = n > 0 ? n : 1;
		size_t need = plain ? take : 4 * take;

		if (o + need + 4 > cap) {
			if (o + 4 <= cap)
				memcpy(out + o, "...", 3), o += 3;
			break;
		}
		for (size_t k = 0; k < take; k++) {
			if (plain)
				out[o++] = (char)p[i + k];
			else
				o += (size_t)snprintf(out + o, 5, "\\x%02x",
						      p[i + k]);
		}
		i += take;
	}
	out[o] = '\0';
	return out;
}
