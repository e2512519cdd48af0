#include "own.h"

#include <string.h>

/* Has this person written to the vault before, as whatever device? */
static bool
has_written(const struct index *x)
{
	for (size_t i = 0; x->me != NULL && i < x->n_logs; i++)
		if (x->log_seat[i] != NULL &&
		    strcmp(x->log_seat[i], x->me) == 0)
			return true;
	return false;
}

static enum own_state
state_of(const struct index *x, const struct own *o)
{
	const struct log *l = o->log != SIZE_MAX ? &x->v->logs[o->log] : NULL;

	switch (o->trust.state) {
	case TRUST_NO_KEY:
		return OWN_NO_KEY;
	case TRUST_NO_MEMORY:
		return OWN_NO_MEMORY;
	case TRUST_NEW:
		return !o->trust.memory && has_written(x) ? OWN_UNKNOWN
							  : OWN_NEW;
	default:
		break;
	}
	if (l != NULL && (l->is_fork || l->other != SIZE_MAX))
		return OWN_FORKED;
	if (l != NULL && (l->size == 0 || l->size != l->length))
		return OWN_DAMAGED;
	if (o->trust.state == TRUST_SHORTER)
		return OWN_SHORTER;
	return o->trust.state == TRUST_LONGER ? OWN_LONGER : OWN_FINE;
}

int
own_look(struct index *x, struct own *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	if (trust_self(x->v, x->id, &out->trust, e) != 0)
		return -1;
	out->log = vault_first_log(x->v, out->trust.wrote.device);
	out->state = state_of(x, out);
	return 0;
}

static const char new_key[] = "muniment device new --restored goes on under a"
			      " new device key; the page says when";

int
own_check(const struct own *o, struct err *e)
{
	const char *device = o->trust.wrote.device;
	unsigned long long wrote = o->trust.wrote.size, here = o->trust.here;

	switch (o->state) {
	case OWN_NEW:
	case OWN_FINE:
		return 0;
	case OWN_UNKNOWN:
		err_set(e, ERR_UNKNOWN,
			"local/ holds nothing, though you have written to this"
			" vault before: here or on another machine");
		break;
	case OWN_NO_KEY:
		err_set(e, ERR_EVIDENCE,
			"local/device.age: missing, or another device's: this"
			" machine has written as device %.12s",
			device);
		break;
	case OWN_NO_MEMORY:
		err_set(e, ERR_EVIDENCE,
			"local/trust.age: missing or damaged: what this"
			" machine has seen and written is not known");
		break;
	case OWN_SHORTER:
		err_set(e, ERR_EVIDENCE,
			"device %.12s, this machine's own, has written %llu"
			" batches, of which %llu are here: a rollback",
			device, wrote, here);
		return err_hint(e, "receive a carry file that has them; if"
				   " nobody has them: muniment device new"
				   " --restored");
	case OWN_LONGER:
		err_set(e, ERR_EVIDENCE,
			"device %.12s, this machine's own, has %llu batches"
			" here, and this machine has written %llu: a backup was"
			" restored here, or somebody else has its key",
			device, here, wrote);
		break;
	case OWN_FORKED:
		err_set(e, ERR_EVIDENCE,
			"device %.12s, this machine's own, has signed two"
			" histories: nothing is added to either",
			device);
		break;
	case OWN_DAMAGED:
		err_set(e, ERR_EVIDENCE,
			"device %.12s, this machine's own: its log is damaged",
			device);
		return err_hint(e, "muniment verify says more");
	}
	return err_hint(e, "%s", new_key);
}
