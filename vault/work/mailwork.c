/*
 * A message or an mbox read by GMime: runs in a worker of contents.c only. Two
 * streams of ours connect it: one reads the file through the socket, one hands
 * on what is decoded.
 */
#include "contentswork.h"

#include <gmime/gmime.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#define NESTED_MAX 32	 /* parts, and messages, in each other */
#define PARTS_MAX 100000 /* of one message */

/* -- the file, read through the socket -- */

typedef struct {
	GMimeStream base;
	gint64 at, size, have; /* `have` bytes are in `piece`, from `at` on */
} FileStream;

typedef struct {
	GMimeStreamClass base;
} FileStreamClass;

/* What was read last, of the stream `piece_of`. */
static char piece[CONTENTSWORK_PIECE];
static const FileStream *piece_of;

static GType file_stream_get_type(void);
G_DEFINE_TYPE(FileStream, file_stream, GMIME_TYPE_STREAM)

static gint64
end_of(const GMimeStream *s)
{
	const FileStream *f = (const FileStream *)s;

	return s->bound_end >= 0 && s->bound_end < f->size ? s->bound_end
							   : f->size;
}

static ssize_t
file_read(GMimeStream *s, char *out, size_t len)
{
	FileStream *f = (FileStream *)s;
	gint64 left = end_of(s) - s->position, in;

	if (left <= 0)
		return 0;
	if (piece_of != f || s->position < f->at ||
	    s->position >= f->at + f->have) {
		piece_of = f;
		f->at = s->position;
		f->have = f->size - f->at < (gint64)sizeof piece
			      ? f->size - f->at
			      : (gint64)sizeof piece;
		contentswork_read((uint64_t)f->at, piece, (size_t)f->have);
	}
	in = f->at + f->have - s->position;
	left = left < in ? left : in;
	if ((gint64)len < left)
		left = (gint64)len;
	memcpy(out, piece + (s->position - f->at), (size_t)left);
	s->position += left;
	return (ssize_t)left;
}

static gboolean
file_eos(GMimeStream *s)
{
	return s->position >= end_of(s);
}

static int
file_reset(GMimeStream *s)
{
	s->position = s->bound_start;
	return 0;
}

static gint64
file_seek(GMimeStream *s, gint64 offset, GMimeSeekWhence whence)
{
	gint64 from = whence == GMIME_STREAM_SEEK_SET	? 0
		      : whence == GMIME_STREAM_SEEK_CUR ? s->position
							: end_of(s);
	gint64 to;

	if (__builtin_add_overflow(from, offset, &to) || to < s->bound_start ||
	    to > end_of(s))
		return -1;
	s->position = to;
	return to;
}

static gint64
file_tell(GMimeStream *s)
{
	return s->position;
}

static gint64
file_length(GMimeStream *s)
{
	return end_of(s) - s->bound_start;
}

static GMimeStream *
file_new(gint64 size, gint64 from, gint64 to)
{
	FileStream *f = g_object_new(file_stream_get_type(), NULL);

	f->size = size;
	g_mime_stream_construct(&f->base, from, to);
	return &f->base;
}

static GMimeStream *
file_substream(GMimeStream *s, gint64 from, gint64 to)
{
	return file_new(((FileStream *)s)->size, from, to);
}

static int
nothing(GMimeStream *s)
{
	(void)s;
	return 0;
}

static void
file_stream_class_init(FileStreamClass *c)
{
	c->base.read = file_read;
	c->base.eos = file_eos;
	c->base.reset = file_reset;
	c->base.seek = file_seek;
	c->base.tell = file_tell;
	c->base.length = file_length;
	c->base.substream = file_substream;
	c->base.flush = nothing;
	c->base.close = nothing;
}

static void
file_stream_init(FileStream *f)
{
	f->at = f->have = 0;
	piece_of = NULL;
}

/* -- what is decoded, handed on -- */

typedef struct {
	GMimeStream base;
} TellStream;

typedef struct {
	GMimeStreamClass base;
} TellStreamClass;

static GType tell_stream_get_type(void);
G_DEFINE_TYPE(TellStream, tell_stream, GMIME_TYPE_STREAM)

static ssize_t
tell_write(GMimeStream *s, const char *bytes, size_t len)
{
	contentswork_bytes(bytes, len);
	s->position += (gint64)len;
	return (ssize_t)len;
}

static void
tell_stream_class_init(TellStreamClass *c)
{
	c->base.write = tell_write;
	c->base.flush = nothing;
	c->base.close = nothing;
}

static void
tell_stream_init(TellStream *t)
{
	(void)t;
}

/* -- messages -- */

/* Where we are: what stands before the names, and how many parts there were. */
struct place {
	char before[1024];
	int64_t time;
	unsigned parts, messages;
};

static void walk(struct place *p, GMimeObject *o, int depth);

static void
give_part(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *out = g_object_new(tell_stream_get_type(), NULL);
	ssize_t n = 0;

	g_mime_stream_construct(out, 0, -1);
	if (content != NULL)
		n = g_mime_data_wrapper_write_to_stream(content, out);
	contentswork_end(n < 0 ? "it cannot be decoded" : NULL);
	g_object_unref(out);
}

static void
leaf(struct place *p, GMimePart *part)
{
	GMimeObject *o = (GMimeObject *)part;
	GMimeContentType *type = g_mime_object_get_content_type(o);
	const char *file = g_mime_part_get_filename(part);
	const char *how = g_mime_object_get_disposition(o);
	bool text = (file == NULL || file[0] == '\0') &&
		    (how == NULL || g_ascii_strcasecmp(how, "attachment")) &&
		    g_mime_content_type_is_type(type, "text", "*");
	char name[CONTENTS_NAME_MAX];

	p->parts++;
	if (file != NULL && file[0] != '\0')
		snprintf(name, sizeof name, "%s%.3000s", p->before, file);
	else
		snprintf(name, sizeof name, "%spart-%u", p->before, p->parts);
	if (contentswork_member(text ? CONTENTS_TEXT : CONTENTS_FILE, name,
				CONTENTSWORK_NONE, p->time))
		give_part(part);
}

static int64_t
time_of(GMimeMessage *m)
{
	GDateTime *date = g_mime_message_get_date(m);

	return date != NULL ? g_date_time_to_unix(date) : CONTENTSWORK_NEVER;
}

/* A message that is attached: its parts stand below a name of its own. */
static void
attached(struct place *p, GMimeMessagePart *part, int depth)
{
	GMimeMessage *m = g_mime_message_part_get_message(part);
	size_t len = strlen(p->before);
	int64_t time = p->time;

	if (m == NULL || len > sizeof p->before - 32)
		return;
	snprintf(p->before + len, sizeof p->before - len, "message-%u/",
		 ++p->messages);
	p->time = time_of(m);
	walk(p, g_mime_message_get_mime_part(m), depth + 1);
	p->before[len] = '\0';
	p->time = time;
}

static void
walk(struct place *p, GMimeObject *o, int depth)
{
	if (o == NULL || depth > NESTED_MAX || p->parts >= PARTS_MAX)
		return;
	if (GMIME_IS_MULTIPART(o)) {
		int n = g_mime_multipart_get_count((GMimeMultipart *)o);

		for (int i = 0; i < n; i++)
			walk(p,
			     g_mime_multipart_get_part((GMimeMultipart *)o, i),
			     depth + 1);
	} else if (GMIME_IS_MESSAGE_PART(o)) {
		attached(p, (GMimeMessagePart *)o, depth);
	} else if (GMIME_IS_PART(o)) {
		leaf(p, (GMimePart *)o);
	}
}

/* Any file can be read as a message: one has one of these. */
static bool
is_message(GMimeMessage *m)
{
	static const char *const heads[] = {"From",    "Date",	     "Received",
					    "Subject", "Message-Id", "To"};

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (g_mime_object_get_header((GMimeObject *)m, heads[i]) !=
		    NULL)
			return true;
	return false;
}

/* An mbox begins with "From ", whatever it is called. */
static bool
is_mbox(uint64_t size)
{
	char first[5];

	if (size < sizeof first)
		return false;
	contentswork_read(0, first, sizeof first);
	return memcmp(first, "From ", sizeof first) == 0;
}

/* What GLib would say of a message, and where to: nobody shall hear it. */
static GLogWriterOutput
say_nothing(GLogLevelFlags level, const GLogField *fields, gsize n,
	    gpointer ctx)
{
	(void)level;
	(void)fields;
	(void)n;
	(void)ctx;
	return G_LOG_WRITER_HANDLED;
}

bool
mailwork_warm_up(void)
{
	/* tables that cannot be opened later, kept by being in use */
	static const char *const sets[] = {
	    "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-5",   "ISO-8859-6",
	    "ISO-8859-9",   "ISO-8859-15",  "WINDOWS-1250", "WINDOWS-1251",
	    "WINDOWS-1252", "WINDOWS-1254", "WINDOWS-1256", "KOI8-R",
	    "KOI8-U",	    "GB18030",	    "BIG5",	    "SHIFT_JIS",
	    "EUC-JP",	    "ISO-2022-JP",  "EUC-KR",	    "UTF-16"};

	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		(void)iconv_open("UTF-8", sets[i]);
	g_log_set_writer_func(say_nothing, NULL, NULL);
	g_mime_init();
	return true;
}

void
mailwork(uint64_t size)
{
	GMimeStream *s = file_new((gint64)size, 0, (gint64)size);
	GMimeParser *parser = g_mime_parser_new_with_stream(s);
	bool mbox = is_mbox(size);
	unsigned n = 0;

	g_mime_parser_set_persist_stream(parser, TRUE);
	g_mime_parser_set_format(parser, mbox ? GMIME_FORMAT_MBOX
					      : GMIME_FORMAT_MESSAGE);
	do {
		GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
		struct place p = {.before = ""};

		if (m == NULL)
			break;
		if (n++ == 0 && !is_message(m)) {
			contentswork_done(CONTENTS_NOT, NULL);
			return;
		}
		if (mbox)
			snprintf(p.before, sizeof p.before, "%06u/", n);
		p.time = time_of(m);
		walk(&p, g_mime_message_get_mime_part(m), 0);
		g_object_unref(m);
	} while (mbox && !g_mime_parser_eos(parser));
	contentswork_done(n > 0 ? CONTENTS_READ : CONTENTS_NOT, NULL);
	g_object_unref(parser);
	g_object_unref(s);
}
