/* Part 3 of a certificate: item by item, with the four lines of time. */
#include "cert_inside.h"

#include <string.h>

static void
redaction(struct cert *x, const json_t *item)
{
	const char *original = cert_s(item, "original"), *zones = "";
	const json_t *zone;
	size_t i;

	if (!json_is_true(json_object_get(item, "redacted")))
		return;
	doc_field(x->d, cert_t(x, "cert.item.redacted"),
		  cert_t(x, "cert.item.redacted.value"));
	if (original[0] != '\0')
		doc_field_mono(x->d, cert_t(x, "cert.item.original"), original);
	json_array_foreach(cert_list(item, "zones"), i, zone)
		zones = cert_printf(x, "%s%s%s", zones, i > 0 ? "\n" : "",
				    cert_json(x, zone));
	if (zones[0] != '\0')
		doc_field(x->d, cert_t(x, "cert.item.zones"), zones);
}

static void
files(struct cert *x, const json_t *item)
{
	const struct doc_column columns[] = {
	    {cert_t(x, "cert.col.path"), 16, false, false},
	    {cert_t(x, "cert.col.name"), 27, false, false},
	    {cert_t(x, "cert.col.size"), 14, false, true},
	    {cert_t(x, "cert.col.digest"), 43, true, false}};
	const json_t *list = cert_list(item, "files"), *file;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	doc_table(x->d, cert_t(x, "cert.item.files"), 4, columns);
	json_array_foreach(list, i, file)
	{
		json_int_t pages =
		    json_integer_value(json_object_get(file, "pages"));
		const char *name = cert_s(file, "name");
		const char *type = cert_s(file, "media_type");

		if (pages > 0)
			type = cert_printf(x, "%s, %s", type,
					   CERT_FILL(x, "cert.file.pages",
						     "pages",
						     cert_number(x, pages)));
		doc_row(x->d,
			(const char *[]){
			    cert_s(file, "path"),
			    name[0] == '\0' ? type
					    : cert_printf(x, "%s\n%s", name,
							  type),
			    cert_json(x, json_object_get(file, "size")),
			    cert_keep(x, doc_groups(cert_s(file, "sha256")))});
	}
}

static void
fields(struct cert *x, const json_t *item)
{
	const struct doc_column columns[] = {
	    {cert_t(x, "cert.col.field"), 30, true, false},
	    {cert_t(x, "cert.col.value"), 70, false, false}};
	const json_t *list = cert_list(item, "fields"), *field;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	doc_heading(x->d, 3, cert_t(x, "cert.item.fields"));
	doc_para(x->d, DOC_SMALL, NULL,
		 cert_t(x, json_is_true(json_object_get(item, "edited"))
			       ? "cert.item.fields.edited"
			       : "cert.item.fields.text"));
	doc_table(x->d, NULL, 2, columns);
	json_array_foreach(list, i, field)
		doc_row(x->d,
			(const char *[]){
			    cert_s(field, "name"),
			    cert_json(x, json_object_get(field, "value"))});
}

static const char *
claims(struct cert *x, const json_t *item)
{
	const char *all = "";
	const json_t *claim;
	size_t i;

	json_array_foreach(cert_list(item, "claimed"), i, claim)
	{
		const char *value =
		    cert_json(x, json_object_get(claim, "value"));

		all = cert_printf(x, "%s%s%s", all, i > 0 ? "\n" : "",
				  CERT_FILL(x, "cert.time.claimed.line", "what",
					    cert_s(claim, "what"), "value",
					    cert_time(x, value)));
	}
	return all[0] != '\0' ? all : cert_t(x, "cert.time.claimed.none");
}

static const char *
earlier(struct cert *x, const json_t *item)
{
	const char *all = "";
	const json_t *by;
	size_t i;

	json_array_foreach(cert_list(item, "no_earlier"), i, by)
		all = cert_printf(x, "%s%s%s", all, i > 0 ? "\n" : "",
				  CERT_FILL(x, "cert.time.earlier.line", "time",
					    cert_time(x, cert_s(by, "time")),
					    "authority",
					    cert_s(by, "authority")));
	return all[0] != '\0' ? all : cert_t(x, "cert.time.earlier.none");
}

/* What a stamp or a cosignature is, in one cell. */
static const char *
kind_of(struct cert *x, const json_t *by)
{
	const char *text, *more;

	if (strcmp(cert_s(by, "kind"), "stamp") != 0) {
		text = CERT_FILL(x, "cert.later.cosignature", "proof",
				 cert_s(by, "proof"));
		return text;
	}
	text = CERT_FILL(x, "cert.later.stamp", "stamp", cert_s(by, "stamp"));
	more = cert_word(x, "cert.later", cert_s(by, "status"), "");
	if (more[0] != '\0')
		text = cert_printf(x, "%s\n%s", text, more);
	more = cert_json(x, json_object_get(by, "accuracy"));
	if (more[0] != '\0')
		text = cert_printf(
		    x, "%s\n%s", text,
		    CERT_FILL(x, "cert.later.accuracy", "accuracy", more));
	more = cert_s(by, "policy");
	if (more[0] != '\0')
		text = cert_printf(
		    x, "%s\n%s", text,
		    CERT_FILL(x, "cert.later.policy", "policy", more));
	return text;
}

static const char *
who_of(struct cert *x, const json_t *by)
{
	const char *who = cert_s(by, "authority"), *key = cert_s(by, "key");
	const char *name = cert_s(by, "name"), *org = cert_s(by, "org");

	if (name[0] != '\0')
		who = org[0] != '\0' ? cert_printf(x, "%s, %s", name, org)
				     : name;
	if (key[0] == '\0')
		return who;
	return cert_printf(x, "%s%s%s", who, who[0] != '\0' ? "\n" : "",
			   CERT_FILL(x, "cert.later.key", "key", key));
}

static void
later(struct cert *x, const json_t *item)
{
	const struct doc_column columns[] = {
	    {cert_t(x, "cert.col.when"), 22, false, false},
	    {cert_t(x, "cert.col.who"), 40, false, false},
	    {cert_t(x, "cert.col.kind"), 38, false, false}};
	const json_t *list = cert_list(item, "no_later"), *by;
	bool stamps = false;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	doc_table(x->d, cert_t(x, "cert.later.title"), 3, columns);
	json_array_foreach(list, i, by)
	{
		stamps = stamps || strcmp(cert_s(by, "kind"), "stamp") == 0;
		doc_row(x->d, (const char *[]){cert_time(x, cert_s(by, "time")),
					       who_of(x, by), kind_of(x, by)});
	}
	if (stamps)
		doc_para(x->d, DOC_SMALL, NULL,
			 cert_t(x, "cert.later.qualified"));
}

static void
times(struct cert *x, const json_t *item)
{
	const char *device = cert_s(item, "device_time");
	bool none = json_array_size(cert_list(item, "no_later")) == 0;

	doc_heading(x->d, 3, cert_t(x, "cert.time"));
	doc_para(x->d, DOC_SMALL, NULL, cert_t(x, "cert.time.text"));
	doc_field(x->d, cert_t(x, "cert.time.claimed"), claims(x, item));
	doc_field(x->d, cert_t(x, "cert.time.device"),
		  device[0] != '\0'
		      ? CERT_FILL(x, "cert.time.device.value", "time",
				  cert_time(x, device))
		      : cert_t(x, "cert.time.device.none"));
	doc_field(x->d, cert_t(x, "cert.time.later"),
		  cert_t(x, none ? "cert.time.later.none"
				 : "cert.time.later.text"));
	doc_field(x->d, cert_t(x, "cert.time.earlier"), earlier(x, item));
	later(x, item);
}

static void
custody(struct cert *x, const json_t *item)
{
	const struct doc_column columns[] = {
	    {cert_t(x, "cert.col.when"), 30, false, false},
	    {cert_t(x, "cert.col.event"), 50, false, false},
	    {cert_t(x, "cert.item.entry"), 20, false, false}};
	const json_t *list = cert_list(item, "custody"), *event;
	size_t i;

	doc_heading(x->d, 3, cert_t(x, "cert.custody"));
	if (json_array_size(list) == 0) {
		doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "cert.custody.none"));
		return;
	}
	doc_para(x->d, DOC_SMALL, NULL, cert_t(x, "cert.custody.text"));
	doc_table(x->d, NULL, 3, columns);
	json_array_foreach(list, i, event)
	{
		const char *action = cert_s(event, "action");
		const char *note = cert_s(event, "note");
		const char *why = cert_s(event, "why");
		const char *word = cert_word(x, "cert.action", action, action);

		if (note[0] == '\0')
			note = why;
		if (note[0] != '\0')
			word = cert_printf(x, "%s\n%s", word, note);
		doc_row(x->d,
			(const char *[]){cert_time(x, cert_s(event, "time")),
					 word, cert_s(event, "entry")});
	}
}

static void
one_item(struct cert *x, const json_t *item)
{
	bool opened = strcmp(cert_s(item, "how"), "opened") == 0;

	if (json_is_true(json_object_get(item, "retracted")))
		doc_para(x->d, DOC_PLAIN, cert_t(x, "cert.item.retracted"),
			 cert_t(x, "cert.item.retracted.text"));
	doc_field(x->d, cert_t(x, "cert.item.how"),
		  cert_t(x, opened ? "cert.item.opened" : "cert.item.shown"));
	doc_field_mono(x->d, cert_t(x, "cert.item.id"), cert_s(item, "item"));
	doc_field(x->d, cert_t(x, "cert.item.entry"),
		  CERT_FILL(x, "cert.item.entry.value", "entry",
			    cert_s(item, "entry"), "batch",
			    cert_json(x, json_object_get(item, "batch")),
			    "device", cert_s(item, "device")));
	if (cert_s(item, "originals_since")[0] != '\0')
		doc_field(x->d, cert_t(x, "cert.item.since"),
			  CERT_FILL(x, "cert.item.since.value", "entry",
				    cert_s(item, "originals_since")));
	redaction(x, item);
	if (json_is_true(json_object_get(item, "redacted")))
		doc_para(x->d, DOC_SMALL, NULL,
			 cert_t(x, "cert.item.zones.same"));
	files(x, item);
	fields(x, item);
	times(x, item);
	custody(x, item);
}

void
cert_items(struct cert *x)
{
	const json_t *items = cert_list(x->f, "items"), *item;
	size_t i;

	doc_heading(x->d, 2, cert_t(x, "cert.items"));
	json_array_foreach(items, i, item)
	{
		doc_heading(x->d, 3,
			    CERT_FILL(x, "word.item", "n",
				      cert_number(x, (json_int_t)i + 1)));
		one_item(x, item);
	}
}
