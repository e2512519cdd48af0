#include "translit.h"

#include <stdint.h>
#include <string.h>

/* U+0400 to U+042F, capitals; U+0430 to U+045F are their small letters. */
static const char *const cyrillic[] = {
    /* U+0400 */ "E",  "Yo",   "Dj", "G", "Ye", "Dz", "I",  "Yi",
    /* U+0408 */ "J",  "Lj",   "Nj", "C", "K",	"I",  "O'", "Dz",
    /* U+0410 */ "A",  "B",    "V",  "G", "D",	"E",  "Zh", "Z",
    /* U+0418 */ "I",  "Y",    "K",  "L", "M",	"N",  "O",  "P",
    /* U+0420 */ "R",  "S",    "T",  "U", "F",	"Kh", "Ts", "Ch",
    /* U+0428 */ "Sh", "Shch", "",   "Y", "",	"E",  "Yu", "Ya",
};
_Static_assert(sizeof cyrillic / sizeof *cyrillic == 48, "U+0400 to U+042F");

/* Letters of other Cyrillic alphabets: capital, small, and what they become. */
static const struct {
	uint16_t capital, small;
	const char *to;
} more_cyrillic[] = {
    {0x0490, 0x0491, "G"}, {0x0492, 0x0493, "Gh"}, {0x0496, 0x0497, "J"},
    {0x049A, 0x049B, "Q"}, {0x049C, 0x049D, "G"},  {0x04A2, 0x04A3, "Ng"},
    {0x04AE, 0x04AF, "U"}, {0x04B0, 0x04B1, "U"},  {0x04B2, 0x04B3, "H"},
    {0x04B6, 0x04B7, "J"}, {0x04B8, 0x04B9, "J"},  {0x04BA, 0x04BB, "H"},
    {0x04D8, 0x04D9, "A"}, {0x04E2, 0x04E3, "I"},  {0x04E8, 0x04E9, "O"},
    {0x04EE, 0x04EF, "U"}, {0x04F0, 0x04F1, "U"},  {0x04D0, 0x04D1, "A"},
    {0x04D6, 0x04D7, "E"}, {0x04AA, 0x04AB, "S"},
};

/* U+00C0 to U+017F, as they are: both cases. */
static const char *const latin[] = {
    /* U+00C0 */ "A", "A",  "A",  "A",	"A", "A", "AE", "C",
    /* U+00C8 */ "E", "E",  "E",  "E",	"I", "I", "I",	"I",
    /* U+00D0 */ "D", "N",  "O",  "O",	"O", "O", "O",	"x",
    /* U+00D8 */ "O", "U",  "U",  "U",	"U", "Y", "Th", "ss",
    /* U+00E0 */ "a", "a",  "a",  "a",	"a", "a", "ae", "c",
    /* U+00E8 */ "e", "e",  "e",  "e",	"i", "i", "i",	"i",
    /* U+00F0 */ "d", "n",  "o",  "o",	"o", "o", "o",	"/",
    /* U+00F8 */ "o", "u",  "u",  "u",	"u", "y", "th", "y",
    /* U+0100 */ "A", "a",  "A",  "a",	"A", "a", "C",	"c",
    /* U+0108 */ "C", "c",  "C",  "c",	"C", "c", "D",	"d",
    /* U+0110 */ "D", "d",  "E",  "e",	"E", "e", "E",	"e",
    /* U+0118 */ "E", "e",  "E",  "e",	"G", "g", "G",	"g",
    /* U+0120 */ "G", "g",  "G",  "g",	"H", "h", "H",	"h",
    /* U+0128 */ "I", "i",  "I",  "i",	"I", "i", "I",	"i",
    /* U+0130 */ "I", "i",  "IJ", "ij", "J", "j", "K",	"k",
    /* U+0138 */ "q", "L",  "l",  "L",	"l", "L", "l",	"L",
    /* U+0140 */ "l", "L",  "l",  "N",	"n", "N", "n",	"N",
    /* U+0148 */ "n", "'n", "N",  "n",	"O", "o", "O",	"o",
    /* U+0150 */ "O", "o",  "OE", "oe", "R", "r", "R",	"r",
    /* U+0158 */ "R", "r",  "S",  "s",	"S", "s", "S",	"s",
    /* U+0160 */ "S", "s",  "T",  "t",	"T", "t", "T",	"t",
    /* U+0168 */ "U", "u",  "U",  "u",	"U", "u", "U",	"u",
    /* U+0170 */ "U", "u",  "U",  "u",	"W", "w", "Y",	"y",
    /* U+0178 */ "Y", "Z",  "z",  "Z",	"z", "Z", "z",	"s",
};
_Static_assert(sizeof latin / sizeof *latin == 0xC0, "U+00C0 to U+017F");

static const struct {
	uint32_t c;
	const char *to;
} signs[] = {
    {0x00A0, " "},   {0x00A7, "sec. "}, {0x00A9, "(c)"}, {0x00AB, "\""},
    {0x00AD, ""},    {0x00AE, "(r)"},	{0x00B0, "deg"}, {0x00B4, "'"},
    {0x00B7, "."},   {0x00BB, "\""},	{0x0218, "S"},	 {0x0219, "s"},
    {0x021A, "T"},   {0x021B, "t"},	{0x018F, "A"},	 {0x0259, "a"},
    {0x02B9, "'"},   {0x02BB, "'"},	{0x02BC, "'"},	 {0x02BD, "'"},
    {0x2002, " "},   {0x2003, " "},	{0x2009, " "},	 {0x200B, ""},
    {0x2010, "-"},   {0x2011, "-"},	{0x2012, "-"},	 {0x2013, "-"},
    {0x2014, "-"},   {0x2015, "-"},	{0x2018, "'"},	 {0x2019, "'"},
    {0x201A, "'"},   {0x201C, "\""},	{0x201D, "\""},	 {0x201E, "\""},
    {0x2022, "-"},   {0x2026, "..."},	{0x202F, " "},	 {0x2032, "'"},
    {0x2033, "\""},  {0x2039, "'"},	{0x203A, "'"},	 {0x20AC, "EUR"},
    {0x2116, "No."}, {0xFEFF, ""},
};

/* One character of UTF-8: its length, 0 if it is none. */
static size_t
decode(const char *s, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80	 ? 1
		   : p[0] < 0xC2 ? 0
		   : p[0] < 0xE0 ? 2
		   : p[0] < 0xF0 ? 3
		   : p[0] < 0xF5 ? 4
				 : 0;

	if (n <= 1) {
		*c = p[0];
		return n;
	}
	*c = p[0] & (0xFFu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3Fu);
	}
	return *c < least[n] || (*c >= 0xD800 && *c < 0xE000) || *c > 0x10FFFF
		   ? 0
		   : n;
}

/* What one character becomes; NULL if that is not known. */
static const char *
lookup(uint32_t c, bool *small)
{
	*small = false;
	if (c >= 0xC0 && c <= 0x17F)
		return latin[c - 0xC0];
	if (c >= 0x300 && c <= 0x36F)
		return ""; /* a mark on the letter before */
	if (c >= 0x400 && c <= 0x45F) {
		/* U+0430 to U+044F go with U+0410, U+0450 ... with U+0400 */
		*small = c >= 0x430;
		return c < 0x430   ? cyrillic[c - 0x400]
		       : c < 0x450 ? cyrillic[c - 0x430 + 0x10]
				   : cyrillic[c - 0x450];
	}
	for (size_t i = 0; i < sizeof more_cyrillic / sizeof *more_cyrillic;
	     i++) {
		*small = c == more_cyrillic[i].small;
		if (*small || c == more_cyrillic[i].capital)
			return more_cyrillic[i].to;
	}
	*small = false;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (c == signs[i].c)
			return signs[i].to;
	return NULL;
}

/*
 * A letter and its mark as two characters, as some systems write file names:
 * they are one letter of their own.
 */
static size_t
compose(const char *s, uint32_t *c)
{
	static const struct {
		uint32_t letter, mark, one;
	} pairs[] = {
	    {0x0418, 0x0306, 0x0419}, {0x0438, 0x0306, 0x0439},
	    {0x0415, 0x0308, 0x0401}, {0x0435, 0x0308, 0x0451},
	    {0x0406, 0x0308, 0x0407}, {0x0456, 0x0308, 0x0457},
	    {0x0423, 0x0306, 0x040E}, {0x0443, 0x0306, 0x045E},
	};
	size_t n = decode(s, c), m;
	uint32_t mark;

	if (n < 2)
		return n;
	m = decode(s + n, &mark);
	for (size_t i = 0; m > 0 && i < sizeof pairs / sizeof *pairs; i++)
		if (*c == pairs[i].letter && mark == pairs[i].mark) {
			*c = pairs[i].one;
			return n + m;
		}
	return n;
}

bool
translit_ascii(const char *text, char *out, size_t cap)
{
	bool known = true;
	size_t at = 0;

	for (const char *p = text; *p != '\0';) {
		char one[2] = "_";
		const char *to = NULL;
		bool small = false;
		uint32_t c;
		size_t n = compose(p, &c);

		if (n == 1 && c >= 0x20 && c < 0x7F)
			one[0] = (char)c, to = one;
		else if (n == 1 && (c == '\t' || c == '\n'))
			one[0] = ' ', to = one;
		else if (n > 1)
			to = lookup(c, &small);
		known &= to != NULL;
		if (to == NULL)
			to = one;
		if (at + strlen(to) >= cap)
			break;
		for (size_t i = 0; to[i] != '\0'; i++)
			out[at++] = (char)(small && to[i] >= 'A' && to[i] <= 'Z'
					       ? to[i] - 'A' + 'a'
					       : to[i]);
		p += n > 0 ? n : 1;
	}
	out[at] = '\0';
	return known;
}

bool
translit_name(const char *text, char *out, size_t cap)
{
	bool known = translit_ascii(text, out, cap);
	size_t n = 0;

	for (const char *p = out; *p != '\0'; p++) {
		bool plain = (*p >= 'A' && *p <= 'Z') ||
			     (*p >= 'a' && *p <= 'z') ||
			     (*p >= '0' && *p <= '9') || *p == '.' || *p == '_';

		if (*p == '\'')
			continue; /* of a letter: O'zbekiston is one word */
		if (plain)
			out[n++] = *p;
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && strchr("-._", out[n - 1]) != NULL)
		n--;
	out[n] = '\0';
	n = strspn(out, "-._");
	memmove(out, out + n, strlen(out + n) + 1);
	return known;
}
