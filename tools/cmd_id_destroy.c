/*
 * muniment id destroy [--vault DIR] [--yes]
 *
 * Overwrites and removes the identity, and says what remains.
 */
#include "destroy.h"
#include "id.h"
#include "session.h"
#include "unlock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const remains[] = {
    "copies of the identity elsewhere (a backup, another machine, a stick)"
    " open everything as before, with its passphrase",
    "sheets of id split restore it, if enough trustees bring theirs",
    "the other members read, in every copy of the vault, the cases that they"
    " are admitted to; a root key can admit somebody anew",
    "carry files for others, what get, open and exhibit wrote, and the files"
    " that were added are where they were",
    "flash memory (sticks, SSDs), snapshots and backups may keep the bytes of"
    " the file: then only its passphrase protects them",
    "the names of files and folders, the history of the shell, and the vault"
    " folder itself, which shows that there is a vault and how large it is",
};
#define N_REMAINS (sizeof remains / sizeof *remains)

/* A word that nobody types by mistake. */
static int
confirmed(struct err *e)
{
	char line[32] = {0};
	size_t len = 0;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0) {
		err_set(e, ERR_UNKNOWN,
			"nothing was destroyed: there is no"
			" terminal to confirm it at");
		return err_hint(e, "scripts say --yes");
	}
	dprintf(tty,
		"This destroys %s for ever.\nType the word destroy to go"
		" on: ",
		cli_esc(cli.identity));
	while (len + 1 < sizeof line && read(tty, line + len, 1) == 1 &&
	       line[len] != '\n')
		len++;
	line[len] = '\0';
	close(tty);
	if (strcmp(line, "destroy") == 0)
		return 0;
	return err_set(e, ERR_UNKNOWN, "nothing was destroyed");
}

static void
tell(size_t links, enum destroy_medium medium, int sessions, int local)
{
	printf("destroyed: %s\n", cli_esc(cli.identity));
	if (links > 0)
		printf("it had %zu other name%s, which hold noise now\n", links,
		       links == 1 ? "" : "s");
	if (medium == DESTROY_COPIES)
		printf("this file system writes to new places: the old bytes"
		       " are still on the medium\n");
	if (sessions > 0)
		printf("the open session was ended\n");
	if (local >= 0)
		printf("destroyed in local/: %d file%s, the device key among"
		       " them\n",
		       local, local == 1 ? "" : "s");
	printf("What was locked to this identity alone opens for nobody, if"
	       " there is no copy of it.\nWhat remains:\n");
	for (size_t i = 0; i < N_REMAINS; i++)
		printf("  - %s\n", remains[i]);
}

static json_t *
as_json(size_t links, enum destroy_medium medium, int sessions, int local)
{
	json_t *o = json_object(), *list = json_array();

	json_object_set_new(o, "destroyed", session_path(cli.identity));
	json_object_set_new(o, "other_names", json_integer((json_int_t)links));
	json_object_set_new(o, "old_bytes_stay",
			    json_boolean(medium == DESTROY_COPIES));
	json_object_set_new(o, "sessions_ended", json_integer(sessions));
	if (local >= 0)
		json_object_set_new(o, "local_files", json_integer(local));
	for (size_t i = 0; i < N_REMAINS; i++)
		json_array_append_new(list, json_string(remains[i]));
	json_object_set_new(o, "remains", list);
	return o;
}

int
id_destroy(bool yes)
{
	enum destroy_medium medium = DESTROY_PLACE;
	struct err e = {0};
	size_t links = 0;
	int sessions = 0, local = -1;

	if (destroy_check(cli.identity, &e) != 0 ||
	    (!yes && confirmed(&e) != 0))
		return cli_fail(&e);
	/* a session that cannot be ended must not keep the file alive */
	if (keyring_where() != KEYRING_NONE && (sessions = unlock_end(&e)) < 0)
		cli_fail(&e);
	err_clear(&e);
	if (destroy_file(cli.identity, &medium, &links, &e) != 0)
		return cli_fail(&e);
	if (cli.vault_named)
		local = destroy_local(cli.vault, &e);
	if (cli.json)
		session_json(as_json(links, medium, sessions, local));
	else
		tell(links, medium, sessions, local);
	return cli.vault_named && local < 0 ? cli_fail(&e) : 0;
}
