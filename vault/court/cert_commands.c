/*
 * COMMANDS.txt: the checks with stock tools. A line of four blanks, a dollar
 * and a blank is a command, which goes on where it ends in a backslash; what
 * it prints stands below, four blanks in front; "..." is any lines. The tests
 * run it as it stands.
 */
#include "cert_inside.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A text as one word of a shell; one that no name can be is left out. */
static const char *
quoted(struct cert *x, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._/+-";
	const char *all = "'";

	for (const char *s = text; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return "''";
	if (text[0] != '\0' && text[strspn(text, plain)] == '\0')
		return text;
	for (; *text != '\0'; text++)
		all = *text == '\'' ? cert_printf(x, "%s'\\''", all)
				    : cert_printf(x, "%s%c", all, *text);
	return cert_printf(x, "%s'", all);
}

/* Seconds since 1970 of a time as entries have it; "0" if it is none. */
static const char *
seconds(struct cert *x, const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (end == NULL || *end != '\0')
		return "0";
	return cert_printf(x, "%lld", (long long)timegm(&tm));
}

static void
part(struct cert *x, FILE *f, const char *key)
{
	fputs("\n\n", f);
	cert_title(f, cert_t(x, key), '-');
}

static void
say(FILE *f, const char *text)
{
	fputc('\n', f);
	cert_wrap(f, "", text);
}

static void
command(FILE *f, const char *text)
{
	fprintf(f, "\n    $ %s\n", text);
}

static void
prints(FILE *f, const char *text)
{
	char safe[600];

	fprintf(f, "    %s\n",
		err_escape(safe, sizeof safe, text, strlen(text)));
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "data/0001.pdf: OK" for each file, once. */
static void
print_files(struct cert *x, FILE *f, size_t n)
{
	const char **all = calloc(n, sizeof *all);
	const json_t *item, *file;
	size_t i, j, k = 0;

	if (all == NULL) {
		x->broken = true;
		return;
	}
	json_array_foreach(cert_list(x->f, "items"), i, item)
		json_array_foreach(cert_list(item, "files"), j, file)
			all[k++] = cert_s(file, "path");
	qsort(all, n, sizeof *all, by_name);
	for (i = 0; i < n; i++)
		if (i == 0 || strcmp(all[i - 1], all[i]) != 0)
			prints(f, cert_printf(x, "%s: OK", all[i]));
	free(all);
}

static void
listed(struct cert *x, FILE *f, size_t files)
{
	part(x, f, "cmd.files");
	if (files > 0) {
		say(f, cert_t(x, "cmd.files.data"));
		command(f, "sha256sum -c manifest-sha256.txt");
		print_files(x, f, files);
	}
	say(f, cert_t(x, "cmd.files.rest"));
	command(f, "sha256sum --quiet -c tagmanifest-sha256.txt && "
		   "echo unchanged");
	prints(f, "unchanged");
	say(f, cert_t(x, "cmd.files.more"));
	command(f,
		"{ cut -c67- manifest-sha256.txt tagmanifest-sha256.txt; \\\n"
		"      printf '%s\\n' tagmanifest-sha256.txt seal.sig; \\\n"
		"      du -al . | cut -f2- | while IFS= read -r n; do \\\n"
		"      { [ -d \"$n\" ] && [ ! -L \"$n\" ]; } || "
		"printf '%s\\n' \"${n#./}\"; done; } | \\\n"
		"      sort | uniq -u | wc -l");
	prints(f, "0");
	say(f, cert_t(x, "cmd.files.id"));
	command(f, "sha256sum manifest-sha256.txt | cut -c1-32");
	prints(f, cert_s(x->f, "id"));
	if (cert_s(x->f, "verifier")[0] == '\0')
		return;
	say(f, cert_t(x, "cmd.files.verifier"));
	command(f, "sha256sum VERIFY.html");
	prints(f, cert_printf(x, "%s  VERIFY.html", cert_s(x->f, "verifier")));
}

static void
seal(struct cert *x, FILE *f)
{
	const json_t *s = json_object_get(x->f, "seal");
	const char *print = cert_s(s, "fingerprint");

	if (s == NULL)
		return;
	part(x, f, "cmd.seal");
	say(f, cert_t(x, "cmd.seal.text"));
	command(f, "cut -d' ' -f3- proof/signers.txt | ssh-keygen -l -f -");
	prints(f, cert_printf(x, "256 %s no comment (ED25519)", print));
	command(f, "ssh-keygen -Y verify -f proof/signers.txt -I custodian \\\n"
		   "      -n muniment-exhibit -s seal.sig "
		   "< tagmanifest-sha256.txt");
	prints(f, cert_printf(x,
			      "Good \"muniment-exhibit\" signature for "
			      "custodian with ED25519 key %s",
			      print));
}

static void
paths(struct cert *x, FILE *f, size_t files)
{
	part(x, f, "cmd.paths");
	say(f, cert_t(x, "cmd.paths.text"));
	command(f, "sh check-paths.sh && echo 'every path holds'");
	prints(f, "...");
	prints(f, "every path holds");
	if (files == 0)
		return;
	part(x, f, "cmd.originals");
	say(f, cert_t(x, "cmd.originals.text"));
	command(f,
		"sed -n 's/^file //p' proof/exhibit.txt | "
		"while read -r p e n; do \\\n"
		"      sed -n \"s,^field files\\.$n\\.sha256 .* "
		"\\\"\\(.*\\)\\\"$,\\1  $p,p\" proof/$e.proof; done | "
		"sha256sum -c");
	print_files(x, f, files);
}

static void
entries(struct cert *x, FILE *f)
{
	const json_t *list = cert_list(x->f, "entries"), *entry;
	const char *first = NULL;
	size_t i;

	json_array_foreach(list, i, entry)
		if (first == NULL &&
		    json_is_true(json_object_get(entry, "opened")))
			first = cert_s(entry, "name");
	if (first == NULL)
		return;
	part(x, f, "cmd.entries");
	say(f, cert_t(x, "cmd.entries.text"));
	command(f,
		"sed -n 's/^opened //p' proof/exhibit.txt | "
		"while read -r e; do \\\n"
		"      sed -n \"s,^line entry \\([^ ]*\\) .*,\\1  "
		"proof/$e.age,p\" proof/$e.proof | sha256sum -c; \\\n"
		"      age -d -i proof/$e.key proof/$e.age > /dev/null && "
		"echo \"$e opens\"; done");
	json_array_foreach(list, i, entry)
	{
		const char *name = cert_s(entry, "name");

		if (!json_is_true(json_object_get(entry, "opened")))
			continue;
		prints(f, cert_printf(x, "proof/%s.age: OK", name));
		prints(f, cert_printf(x, "%s opens", name));
	}
}

static void
checkpoints(struct cert *x, FILE *f)
{
	const json_t *c;
	size_t i;

	part(x, f, "cmd.checkpoints");
	say(f, cert_t(x, "cmd.checkpoints.text"));
	command(f, "key() { printf '\\060\\052\\060\\005\\006\\003\\053\\145"
		   "\\160\\003\\041\\000'; cat; }");
	command(f,
		"sed -n 's/^checkpoint //p' proof/exhibit.txt | "
		"while read -r c d n; do \\\n"
		"      echo \"$d\" | cut -c2- | tr a-z A-Z | sed 's/$/====/' | "
		"base32 -d | key > $W/key; \\\n"
		"      head -n 3 proof/$c.checkpoint > $W/text; \\\n"
		"      sed -n 's/^— [^ ]* //p' proof/$c.checkpoint | "
		"base64 -d | tail -c +5 > $W/sig; \\\n"
		"      echo \"$c: $(openssl pkeyutl -verify -rawin -pubin "
		"-keyform DER -inkey $W/key \\\n"
		"      -in $W/text -sigfile $W/sig)\"; done");
	json_array_foreach(cert_list(x->f, "checkpoints"), i, c)
		prints(f, cert_printf(x, "%s: Signature Verified Successfully",
				      cert_s(c, "name")));
}

/* One countersignature is told once, however many items it covers. */
static void
cosignature(struct cert *x, FILE *f, const json_t *by, json_t *told)
{
	const char *key = cert_s(by, "key"), *time = cert_s(by, "time");
	const char *id =
	    cert_printf(x, "%s %s %s", key, time, cert_s(by, "checkpoint"));

	if (strcmp(cert_s(by, "kind"), "cosignature") != 0 ||
	    json_object_get(told, id) != NULL)
		return;
	if (json_object_size(told) == 0) {
		part(x, f, "cmd.cosignatures");
		say(f, cert_t(x, "cmd.cosignatures.text"));
		command(f,
			"cosigned() { \\\n"
			"      grep -F \" $2+\" proof/policy.txt | "
			"cut -d+ -f3- | base64 -d | tail -c 32 | "
			"key > $W/key; \\\n"
			"      { printf 'cosignature/v1\\ntime %s\\n' \"$3\"; "
			"sed '1,/^$/d' \"$1\" | head -n 3; } > $W/text; \\\n"
			"      grep -F \"— $2 \" \"$1\" | sed 's/.* //' | "
			"base64 -d | tail -c 64 > $W/sig; \\\n"
			"      openssl pkeyutl -verify -rawin -pubin -keyform "
			"DER -inkey $W/key \\\n"
			"      -in $W/text -sigfile $W/sig; }");
	}
	if (json_object_set_new(told, id, json_true()) != 0)
		x->broken = true;
	say(f, CERT_FILL(x, "cmd.cosignatures.line", "key", key, "time",
			 cert_time(x, time)));
	command(f, cert_printf(x, "cosigned proof/%s \\\n      %s \\\n      %s",
			       quoted(x, cert_s(by, "proof")), quoted(x, key),
			       seconds(x, time)));
	prints(f, "Signature Verified Successfully");
}

static void
cosignatures(struct cert *x, FILE *f)
{
	json_t *told = json_object();
	const json_t *item, *by;
	size_t i, j;

	json_array_foreach(cert_list(x->f, "items"), i, item)
		json_array_foreach(cert_list(item, "no_later"), j, by)
			cosignature(x, f, by, told);
	json_decref(told);
}

static void
renewals(struct cert *x, FILE *f, const json_t *stamp)
{
	const char *t = cert_s(stamp, "name"), *before, *at;
	const json_t *renewal;
	size_t i;

	json_array_foreach(cert_list(stamp, "renewals"), i, renewal)
	{
		const char *n = cert_number(x, (json_int_t)i + 1);
		const char *r = cert_printf(x, "proof/%s/renewal-%s", t, n);

		at = seconds(x, cert_s(renewal, "time"));
		say(f,
		    CERT_FILL(x, "cmd.renewal.line", "n", n, "stamp", t, "time",
			      cert_time(x, cert_s(renewal, "time"))));
		command(f, cert_printf(x,
				       "(cd proof/%s && sed -n 's,  [0-9a-f]*/,"
				       "  ,p' renewal-%s.txt | \\\n"
				       "      sha512sum --quiet -c) && "
				       "echo unchanged",
				       t, n));
		prints(f, "unchanged");
		say(f, cert_t(x, "cmd.renewal.signed"));
		command(f, cert_printf(x, "stamped %s.stamp %s.tsr %s-chain.pem "
					  "%s",
				       r, r, r, at));
		prints(f, "Verification: OK");
		say(f, cert_t(x, "cmd.renewal.before"));
		before = cert_printf(x, "proof/%s/renewal-%zu", t, i);
		command(f,
			i == 0
			    ? cert_printf(x,
					  "stamped proof/%s/stamp.txt "
					  "proof/%s/token.tsr "
					  "proof/%s/chain.pem %s",
					  t, t, t, at)
			    : cert_printf(x,
					  "stamped %s.stamp %s.tsr "
					  "%s-chain.pem %s",
					  before, before, before, at));
		prints(f, "Verification: OK");
	}
}

/* "Nov 21 12:00:00 2026 GMT", as openssl writes it. */
static const char *
openssl_time(struct cert *x, const char *text)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr",
					 "May", "Jun", "Jul", "Aug",
					 "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = {0};

	if (strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return "...";
	return cert_printf(x, "Time stamp: %s %2d %02d:%02d:%02d %d GMT",
			   months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
			   tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

static void
stamp(struct cert *x, FILE *f, const json_t *s)
{
	const char *t = cert_s(s, "name"), *time = cert_s(s, "time");

	say(f, CERT_FILL(x, "cmd.stamps.line", "stamp", t, "time",
			 cert_time(x, time)));
	command(f, cert_printf(x,
			       "stamped proof/%s/stamp.txt proof/%s/token.tsr "
			       "proof/%s/chain.pem %s",
			       t, t, t, seconds(x, time)));
	prints(f, "Verification: OK");
	say(f, cert_t(x, "cmd.stamps.time"));
	command(f, cert_printf(x,
			       "openssl ts -reply -in proof/%s/token.tsr -text "
			       "2>/dev/null | \\\n      grep '^Time stamp:' | "
			       "sed 's/\\.[0-9]* / /'",
			       t));
	prints(f, openssl_time(x, time));
	renewals(x, f, s);
	if (!json_is_true(json_object_get(s, "crls")))
		return;
	say(f, cert_t(x, "cmd.stamps.crl"));
	command(f, cert_printf(x,
			       "rm -f $W/crl-*; csplit -s -z -f $W/crl- "
			       "proof/%s/revocation.pem '/^-----BEGIN/' "
			       "'{*}'; \\\n"
			       "      for f in $W/crl-*; do openssl crl -in $f "
			       "-noout -text | grep -e Issuer -e Update \\\n"
			       "      -e 'Serial Number'; done",
			       t));
	prints(f, "...");
}

static void
stamps(struct cert *x, FILE *f)
{
	const json_t *list = cert_list(x->f, "stamps"), *s, *root;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	part(x, f, "cmd.stamps");
	say(f, cert_t(x, "cmd.stamps.roots"));
	command(f, "csplit -s -z -f $W/root- proof/roots.pem '/^-----BEGIN/' "
		   "'{*}'; \\\n"
		   "      for f in $W/root-*; do openssl x509 -in $f "
		   "-outform DER | sha256sum; done");
	json_array_foreach(cert_list(x->f, "roots"), i, root)
		prints(f, cert_printf(x, "%s  -", cert_s(root, "sha256")));
	say(f, cert_t(x, "cmd.stamps.now"));
	command(f, "stamped() { \\\n"
		   "      if [ -e $3 ]; then more=\"-untrusted $3\"; else "
		   "more=; fi; \\\n"
		   "      openssl ts -verify -data $1 -in $2 "
		   "-CAfile proof/roots.pem $more \\\n"
		   "      -attime $4 2>&1 | grep -v '^Using configuration'; }");
	json_array_foreach(list, i, s)
		stamp(x, f, s);
}

static void
the_rest(struct cert *x, FILE *f)
{
	const json_t *entry;
	bool told = false;
	size_t i;

	if (json_is_true(json_object_get(x->f, "count"))) {
		part(x, f, "cmd.count");
		say(f, cert_t(x, "cmd.count.text"));
		command(f, "cat count/*.batches | grep -c '^entry '");
		prints(f, "...");
		command(f, "cat count/*.batches | grep -c '^object '");
		prints(f, "...");
	}
	part(x, f, "cmd.end");
	command(f, "rm -r $W");
	json_array_foreach(cert_list(x->f, "entries"), i, entry)
	{
		const char *name = cert_s(entry, "name");

		if (told || !json_is_true(json_object_get(entry, "opened")))
			continue;
		told = true;
		part(x, f, "cmd.read");
		say(f, cert_t(x, "cmd.read.text"));
		fputs("\n# needs: zstd tar", f);
		command(f, cert_printf(x,
				       "age -d -i proof/%s.key proof/%s.age | "
				       "zstd -d | tar -xO entry.json",
				       name, name));
		prints(f, "...");
	}
}

int
certificate_commands(const json_t *facts, const struct cert_choice *c,
		     char **out, size_t *len, struct err *e)
{
	struct cert x = {0};
	const json_t *only;
	FILE *f = NULL;
	size_t files;

	*out = NULL;
	if (cert_new(&x, facts, c, e) != 0) {
		cert_free(&x);
		return -1;
	}
	f = open_memstream(out, len);
	if (f == NULL)
		return cert_close(f, out, &x, -1, e);
	files = cert_files(&x, &only);
	cert_title(f, cert_t(&x, "cmd.title"), '=');
	say(f, cert_t(&x, "cmd.about"));
	say(f, cert_t(&x, "cmd.needs"));
	say(f, cert_t(&x, "cmd.dir"));
	command(f, "W=$(mktemp -d)");
	listed(&x, f, files);
	seal(&x, f);
	paths(&x, f, files);
	entries(&x, f);
	checkpoints(&x, f);
	cosignatures(&x, f);
	stamps(&x, f);
	the_rest(&x, f);
	return cert_close(f, out, &x, 0, e);
}
