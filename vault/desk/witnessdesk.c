#include "witnessdesk.h"

#include "clock.h"
#include "desk_inside.h"
#include "witness_ask.h"

#include <stdlib.h>
#include <string.h>

json_t *
witnessdesk_keys(const char *dir, struct err *e)
{
	struct vault *v = vault_open(dir, VAULT_READ, NULL, e);
	json_t *list = v != NULL ? desk_made(json_array(), e) : NULL;

	for (size_t i = 0; list != NULL && i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];
		char vkey[COSIGN_VKEY_MAX], origin[CHECKPOINT_ORIGIN_MAX];

		if (l->is_fork || l->size == 0)
			continue;
		checkpoint_origin(v->id, l->device, origin);
		witness_log_vkey(v, l, vkey);
		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:s,s:I}", "device", l->device,
				    "origin", origin, "key", vkey, "size",
				    (json_int_t)l->size));
	}
	vault_close(v);
	return list;
}

static json_t *
answer_json(const char *device, const struct witness_answer *a)
{
	json_t *o = json_pack("{s:s,s:I}", "device", device, "size",
			      (json_int_t)a->size);
	char since[CLOCK_LEN];

	if (a->e.code != ERR_NONE) {
		json_object_set_new(o, "error", json_string(a->e.msg));
		if (a->e.hint[0] != '\0')
			json_object_set_new(o, "hint", json_string(a->e.hint));
	} else if (a->nothing) {
		json_object_set_new(o, "nothing", json_true());
	} else {
		clock_format((time_t)a->time, since);
		json_object_set_new(o, "since", json_string(since));
	}
	return o;
}

json_t *
witnessdesk_ask(struct desk *d, const char *url, const char *vkey,
		bool insecure, enum err_code *worst, struct err *e)
{
	size_t n_logs = d->v->n_logs, n = 0;
	struct witness_answer *out = calloc(n_logs + 1, sizeof *out);
	json_t *list = desk_made(json_array(), e);
	char(*devices)[BATCH_DEVICE_LEN + 1] =
	    calloc(n_logs + 1, sizeof *devices);

	*worst = ERR_NONE;
	for (size_t i = 0; devices != NULL && i < n_logs; i++)
		memcpy(devices[i], d->v->logs[i].device, sizeof *devices);
	if (out == NULL || devices == NULL || list == NULL) {
		err_memory(e);
		goto bad;
	}
	if (witness_ask(d->x, url, vkey, insecure, out, &n, e) != 0)
		goto bad;
	for (size_t i = 0; i < n; i++) {
		/* evidence before what is merely not known */
		if (out[i].e.code == ERR_EVIDENCE ||
		    (out[i].e.code != ERR_NONE && *worst == ERR_NONE))
			*worst = out[i].e.code;
		json_array_append_new(
		    list, answer_json(devices[out[i].log], &out[i]));
	}
	free(out);
	free(devices);
	return list;
bad:
	free(out);
	free(devices);
	json_decref(list);
	return NULL;
}
