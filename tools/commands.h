/* Every command: name, arguments, one line, function. main.c is the table. */
#ifndef MUNIMENT_COMMANDS_H
#define MUNIMENT_COMMANDS_H

int cmd_add(int argc, char **argv);
int cmd_carry(int argc, char **argv);
int cmd_case(int argc, char **argv);
int cmd_collector(int argc, char **argv);
int cmd_contents(int argc, char **argv);
int cmd_custody(int argc, char **argv);
int cmd_device(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_edit(int argc, char **argv);
int cmd_exhibit(int argc, char **argv);
int cmd_fields(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_id(int argc, char **argv);
int cmd_lock(int argc, char **argv);
int cmd_unlock(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_invite(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_member(int argc, char **argv);
int cmd_open(int argc, char **argv);
int cmd_parity(int argc, char **argv);
int cmd_passphrase(int argc, char **argv);
int cmd_receive(int argc, char **argv);
int cmd_redact(int argc, char **argv);
int cmd_remote(int argc, char **argv);
int cmd_repair(int argc, char **argv);
int cmd_retract(int argc, char **argv);
int cmd_seal(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_share(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_stamp(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_witness(int argc, char **argv);

#endif
