/* The structure of a PDF, through qpdf. */
#include "docpdf.h"

#include <qpdf/qpdf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t
docpdf_leaf(struct docpdf_tree *t, const char *tag, size_t parent, size_t first)
{
	if (t->n == t->cap) {
		size_t cap = t->cap * 2 + 256;
		struct docpdf_leaf *leaf = realloc(t->leaf, cap * sizeof *leaf);

		if (leaf == NULL) {
			t->broken = true;
			return DOCPDF_NONE;
		}
		t->leaf = leaf;
		t->cap = cap;
	}
	t->leaf[t->n] = (struct docpdf_leaf){
	    .tag = tag, .parent = parent, .first = first};
	return t->n++;
}

size_t
docpdf_node(struct docpdf_tree *t, const char *tag, size_t parent)
{
	if (t->nodes == t->node_cap) {
		size_t cap = t->node_cap * 2 + 64;
		struct docpdf_node *node = realloc(t->node, cap * sizeof *node);

		if (node == NULL) {
			t->broken = true;
			return DOCPDF_NONE;
		}
		t->node = node;
		t->node_cap = cap;
	}
	t->node[t->nodes] = (struct docpdf_node){tag, parent};
	return t->nodes++;
}

void
docpdf_tree_free(struct docpdf_tree *t)
{
	free(t->leaf);
	free(t->node);
}

/* ------------------------------------------------------------- the work */

struct work {
	qpdf_data q;
	const struct doc *d;
	const struct docpdf_tree *t;
	qpdf_oh root;	/* the structure's */
	qpdf_oh doc;	/* its only child */
	qpdf_oh *leaf;	/* as cairo made them, in order */
	qpdf_oh *node;	/* 0: not made yet */
	int *leaf_of;	/* from an object's number to its leaf, or -1 */
	int max;	/* object numbers are below */
};

static void
put(struct work *w, qpdf_oh dict, const char *key, qpdf_oh value)
{
	qpdf_oh_replace_key(w->q, dict, key, value);
}

static qpdf_oh
get(struct work *w, qpdf_oh dict, const char *key)
{
	return qpdf_oh_get_key_if_dict(w->q, dict, key);
}

static qpdf_oh
name(struct work *w, const char *text)
{
	char slashed[32];

	snprintf(slashed, sizeof slashed, "/%s", text);
	return qpdf_oh_new_name(w->q, slashed);
}

/* A structure element without content. */
static qpdf_oh
element(struct work *w, const char *tag, qpdf_oh parent)
{
	qpdf_oh o = qpdf_make_indirect_object(w->q,
					      qpdf_oh_new_dictionary(w->q));

	put(w, o, "/Type", name(w, "StructElem"));
	put(w, o, "/S", name(w, tag));
	put(w, o, "/P", parent);
	put(w, o, "/K", qpdf_oh_new_array(w->q));
	return o;
}

/* The element of a node, made when something is first put into it. */
static qpdf_oh
node_element(struct work *w, size_t i)
{
	qpdf_oh parent;

	if (i == DOCPDF_NONE)
		return w->doc;
	if (w->node[i] != 0)
		return w->node[i];
	parent = node_element(w, w->t->node[i].parent);
	w->node[i] = element(w, w->t->node[i].tag, parent);
	qpdf_oh_append_item(w->q, get(w, parent, "/K"), w->node[i]);
	return w->node[i];
}

/* A leaf that goes on on another page: more content for the first. */
static void
join_leaf(struct work *w, qpdf_oh first, qpdf_oh more)
{
	qpdf_oh k = get(w, first, "/K"), list = k;
	qpdf_oh mcr = qpdf_oh_new_dictionary(w->q);

	if (!qpdf_oh_is_array(w->q, k)) {
		list = qpdf_oh_new_array(w->q);
		qpdf_oh_append_item(w->q, list, k);
		put(w, first, "/K", list);
	}
	put(w, mcr, "/Type", name(w, "MCR"));
	put(w, mcr, "/Pg", get(w, more, "/Pg"));
	put(w, mcr, "/MCID", get(w, more, "/K"));
	qpdf_oh_append_item(w->q, list, mcr);
}

static void
place_leaf(struct work *w, size_t i)
{
	const struct docpdf_leaf *l = &w->t->leaf[i];
	qpdf_oh o = w->leaf[i], parent, a;

	if (l->parent == DOCPDF_NONE && strcmp(l->tag, DOCPDF_ARTIFACT) == 0)
		return;
	if (l->first != DOCPDF_NONE) {
		join_leaf(w, w->leaf[l->first], o);
		return;
	}
	parent = node_element(w, l->parent);
	put(w, o, "/P", parent);
	qpdf_oh_append_item(w->q, get(w, parent, "/K"), o);
	if (l->alt != NULL)
		put(w, o, "/Alt", qpdf_oh_new_unicode_string(w->q, l->alt));
	if (l->scope != NULL) {
		a = qpdf_oh_new_dictionary(w->q);
		put(w, a, "/O", name(w, "Table"));
		put(w, a, "/Scope", name(w, l->scope));
		put(w, o, "/A", a);
	}
}

/* What a page's marked content belongs to: without artifacts, joined. */
static void
fix_parents(struct work *w, qpdf_oh list)
{
	int n = qpdf_oh_get_array_n_items(w->q, list);

	for (int i = 0; i < n; i++) {
		int id = qpdf_oh_get_object_id(
		    w->q, qpdf_oh_get_array_item(w->q, list, i));
		int l = id > 0 && id < w->max ? w->leaf_of[id] : -1;

		if (l < 0)
			continue;
		if (strcmp(w->t->leaf[l].tag, DOCPDF_ARTIFACT) == 0)
			qpdf_oh_set_array_item(w->q, list, i,
					       qpdf_oh_new_null(w->q));
		else if (w->t->leaf[l].first != DOCPDF_NONE)
			qpdf_oh_set_array_item(
			    w->q, list, i, w->leaf[w->t->leaf[l].first]);
	}
}

/* "/Private << /MCID 7 >> BDC" becomes "/Artifact BMC". 0 or -1. */
static int
fix_page(struct work *w, qpdf_oh page)
{
	static const char tag[] = "/" DOCPDF_ARTIFACT " <<";
	qpdf_oh contents = get(w, page, "/Contents");
	unsigned char *bytes = NULL, *out = NULL;
	size_t len = 0, o = 0, i = 0;

	if (!qpdf_oh_is_stream(w->q, contents) ||
	    qpdf_oh_get_page_content_data(w->q, page, &bytes, &len) != 0)
		return -1;
	out = malloc(len + 1);
	while (out != NULL && i < len) {
		unsigned char *end;

		if (len - i < sizeof tag ||
		    memcmp(bytes + i, tag, sizeof tag - 1) != 0) {
			out[o++] = bytes[i++];
			continue;
		}
		end = memmem(bytes + i, len - i, "BDC", 3);
		if (end == NULL)
			break;
		memcpy(out + o, "/Artifact BMC", 13);
		o += 13;
		i = (size_t)(end - bytes) + 3;
	}
	if (out != NULL)
		qpdf_oh_replace_stream_data(w->q, contents, out, o,
					    qpdf_oh_new_null(w->q),
					    qpdf_oh_new_null(w->q));
	free(bytes);
	free(out);
	return out != NULL ? 0 : -1;
}

static int
fix_pages(struct work *w)
{
	int n = qpdf_get_num_pages(w->q);

	for (int i = 0; i < n; i++)
		if (fix_page(w, qpdf_get_page_n(w->q, (size_t)i)) != 0)
			return -1;
	return 0;
}

/*
 * The tree above the leaves. If cairo has made something else than one element
 * a leaf, it stays as cairo made it: flat, but right.
 */
static int
structure(struct work *w)
{
	qpdf_oh flat = get(w, w->root, "/K"), nums;
	int n = qpdf_oh_is_array(w->q, flat)
		    ? qpdf_oh_get_array_n_items(w->q, flat)
		    : 0;

	if ((size_t)n != w->t->n)
		return 0;
	for (int i = 0; i < n; i++) {
		w->leaf[i] = qpdf_oh_get_array_item(w->q, flat, i);
		if (qpdf_oh_get_object_id(w->q, w->leaf[i]) > w->max)
			w->max = qpdf_oh_get_object_id(w->q, w->leaf[i]);
	}
	w->leaf_of = malloc((size_t)(++w->max) * sizeof *w->leaf_of);
	if (w->leaf_of == NULL)
		return -1;
	for (int i = 0; i < w->max; i++)
		w->leaf_of[i] = -1;
	for (int i = 0; i < n; i++)
		w->leaf_of[qpdf_oh_get_object_id(w->q, w->leaf[i])] = i;
	w->doc = element(w, "Document", w->root);
	for (size_t i = 0; i < w->t->n; i++)
		place_leaf(w, i);
	put(w, w->root, "/K", w->doc);
	nums = get(w, get(w, w->root, "/ParentTree"), "/Nums");
	n = qpdf_oh_is_array(w->q, nums)
		? qpdf_oh_get_array_n_items(w->q, nums)
		: 0;
	for (int i = 1; i < n; i += 2)
		fix_parents(w, qpdf_oh_get_array_item(w->q, nums, i));
	return fix_pages(w);
}

static void
put_xml(FILE *f, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			fputs("&lt;", f);
		else if (*text == '&')
			fputs("&amp;", f);
		else
			fputc(*text, f);
	}
}

/* Title, language and date as XMP. */
static int
metadata(struct work *w, qpdf_oh catalog)
{
	qpdf_oh stream = qpdf_oh_new_stream(w->q), dict;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return -1;
	fputs("<?xpacket begin=\"\xef\xbb\xbf\" "
	      "id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
	      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf="
	      "\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
	      "<rdf:Description rdf:about=\"\" "
	      "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
	      "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">\n"
	      "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">",
	      f);
	put_xml(f, w->d->title);
	fputs("</rdf:li></rdf:Alt></dc:title>\n<dc:language><rdf:Bag><rdf:li>",
	      f);
	put_xml(f, w->d->lang);
	fputs("</rdf:li></rdf:Bag></dc:language>\n<xmp:CreatorTool>", f);
	put_xml(f, w->d->tool);
	fputs("</xmp:CreatorTool>\n<xmp:CreateDate>", f);
	put_xml(f, w->d->made);
	fputs("</xmp:CreateDate>\n</rdf:Description></rdf:RDF></x:xmpmeta>\n"
	      "<?xpacket end=\"r\"?>\n",
	      f);
	if (fclose(f) != 0)
		return -1;
	qpdf_oh_replace_stream_data(w->q, stream, (const unsigned char *)text,
				    len, qpdf_oh_new_null(w->q),
				    qpdf_oh_new_null(w->q));
	free(text);
	dict = qpdf_oh_get_dict(w->q, stream);
	put(w, dict, "/Type", name(w, "Metadata"));
	put(w, dict, "/Subtype", name(w, "XML"));
	put(w, catalog, "/Metadata", stream);
	return 0;
}

static int
improve(struct work *w)
{
	qpdf_oh catalog = qpdf_get_root(w->q), o;

	put(w, catalog, "/Lang",
	    qpdf_oh_new_unicode_string(w->q, w->d->lang));
	o = qpdf_oh_new_dictionary(w->q);
	put(w, o, "/DisplayDocTitle", qpdf_oh_new_bool(w->q, 1));
	put(w, catalog, "/ViewerPreferences", o);
	o = qpdf_oh_new_dictionary(w->q);
	put(w, o, "/Marked", qpdf_oh_new_bool(w->q, 1));
	put(w, catalog, "/MarkInfo", o);
	w->root = get(w, catalog, "/StructTreeRoot");
	if (!qpdf_oh_is_dictionary(w->q, w->root))
		return -1;
	return metadata(w, catalog) == 0 && structure(w) == 0 ? 0 : -1;
}

static int
write_out(struct work *w, char **out, size_t *len)
{
	if ((qpdf_init_write_memory(w->q) & QPDF_ERRORS) != 0)
		return -1;
	qpdf_set_deterministic_ID(w->q, 1);
	qpdf_set_object_stream_mode(w->q, qpdf_o_generate);
	qpdf_set_minimum_pdf_version(w->q, "1.7");
	if ((qpdf_write(w->q) & QPDF_ERRORS) != 0)
		return -1;
	*len = qpdf_get_buffer_length(w->q);
	*out = malloc(*len + 1);
	if (*out == NULL)
		return -1;
	memcpy(*out, qpdf_get_buffer(w->q), *len);
	(*out)[*len] = '\0';
	return 0;
}

int
docpdf_finish(const struct doc *d, const struct docpdf_tree *t, const char *pdf,
	      size_t len, char **out, size_t *outlen, struct err *e)
{
	struct work w = {.q = qpdf_init(), .d = d, .t = t};
	int rc = -1;

	*out = NULL;
	qpdf_set_suppress_warnings(w.q, 1);
	qpdf_silence_errors(w.q);
	w.leaf = calloc(t->n + 1, sizeof *w.leaf);
	w.node = calloc(t->nodes + 1, sizeof *w.node);
	if (w.leaf != NULL && w.node != NULL &&
	    (qpdf_read_memory(w.q, "document", pdf, len, NULL) &
	     QPDF_ERRORS) == 0 &&
	    improve(&w) == 0 && write_out(&w, out, outlen) == 0 &&
	    !qpdf_has_error(w.q))
		rc = 0;
	if (rc != 0) {
		free(*out);
		*out = NULL;
		err_set(e, ERR_UNKNOWN, "the PDF cannot be finished");
	}
	free(w.leaf);
	free(w.node);
	free(w.leaf_of);
	qpdf_cleanup(&w.q);
	return rc;
}
