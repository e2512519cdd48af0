#include "streams.h"

#include "cli.h"
#include "newfile.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool
streams_is_standard(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

int
streams_in(const char *path, struct ageops_file *in, struct err *e)
{
	in->fd = STDIN_FILENO;
	in->name = "standard input";
	if (streams_is_standard(path))
		return 0;
	in->name = path;
	in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in->fd < 0)
		return err_sys(e, "%s", cli_esc(path));
	posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void
streams_in_close(struct ageops_file *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
}

bool
streams_to_terminal(const char *path)
{
	return path == NULL && isatty(STDOUT_FILENO);
}

int
streams_out_check(const char *path, struct err *e)
{
	return streams_is_standard(path) ? 0 : newfile_check(path, e);
}

int
streams_out(const char *path, struct streams_out *out, struct err *e)
{
	out->newfile = NULL;
	out->file.fd = STDOUT_FILENO;
	out->file.name = "standard output";
	if (streams_is_standard(path))
		return 0;
	out->newfile = newfile_open(path, e);
	if (out->newfile == NULL)
		return -1;
	out->file.fd = newfile_fd(out->newfile);
	out->file.name = path;
	return 0;
}

int
streams_out_commit(struct streams_out *out, struct err *e)
{
	struct newfile *f = out->newfile;
	int fd;

	out->newfile = NULL;
	if (f != NULL)
		return newfile_commit(f, e);
	/* some file systems tell of a lost write only at a close */
	fd = dup(STDOUT_FILENO);
	if (fd < 0 || close(fd) != 0)
		return err_sys(e, "standard output");
	return 0;
}

void
streams_out_abort(struct streams_out *out)
{
	newfile_abort(out->newfile);
	out->newfile = NULL;
}
