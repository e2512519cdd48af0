# bash completion for muniment: commands, options, files, roles, and the names
# and choices of a record's fields, as `muniment fields` lists them.
#
# No vault is opened, since that would need a passphrase: cases, items and
# members are not completed.

# Words that may follow, one a line: _muniment_pick WORD...
_muniment_pick() {
	local w
	COMPREPLY=()
	for w; do
		[[ $w == "$cur"* ]] && COMPREPLY+=("$w")
	done
}

# Files that begin with what is typed; a folder goes on after its slash.
_muniment_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_muniment_folders() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}

# Columns of the list of fields; nothing if the program cannot be run.
_muniment_fields() {
	"${COMP_WORDS[0]}" fields 2>/dev/null </dev/null
}

# The choices of one field: from `fields --json`, which needs no other tool
# than awk to be read as far as this.
_muniment_choices() {
	"${COMP_WORDS[0]}" fields --json 2>/dev/null </dev/null |
		awk -F'"' -v want="$1" '
			$2 == "choices" { c = $4 }
			$2 == "name" { n = $4 }
			/}/ { if (n == want) print c; c = n = "" }' |
		tr '|' '\n'
}

# After --field: NAME= of what has a value; N stands for a number, so 1 is
# proposed where none has been typed. After NAME=, its choices.
_muniment_field() {
	local name rest type typed table list=()
	if [[ $cur == *=* ]]; then
		name=${cur%%=*}
		table=$(sed -E 's/\.[0-9]+\./.N./g' <<<"$name")
		mapfile -t list < <(_muniment_choices "$table")
		# the shell has cut the word at the = already
		cur=${cur#*=}
		_muniment_pick "${list[@]}"
		return
	fi
	while read -r name type rest; do
		case "$type $rest" in
		'group '* | 'list of objects'*) continue ;;
		esac
		typed=$cur
		# take over the numbers that have been typed
		while [[ $name == *.N.* ]]; do
			if [[ $typed =~ ^${name%%.N.*}\.([0-9]+)\. ]]; then
				name=${name/.N./.${BASH_REMATCH[1]}.}
			else
				name=${name/.N./.1.}
			fi
		done
		list+=("$name=")
	done < <(_muniment_fields)
	compopt -o nospace 2>/dev/null
	_muniment_pick "${list[@]}"
}

_muniment() {
	local cur prev i word command="" sub="" options="" words=0
	local commands="id passphrase unlock lock init case member device add contents list show history search edit
		get share custody retract redact carry invite receive remote sync
		collector verify check parity repair doctor
		witness stamp exhibit seal open fields help"
	local every="--vault --identity --passphrase-fd --jobs --ask --json --quiet"

	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()

	# bash cuts words at =: put --OPTION=VALUE and NAME=VALUE together again
	if [[ $cur == "=" && $prev == --* ]]; then
		cur=
	elif [[ $prev == "=" && ${COMP_WORDS[COMP_CWORD - 2]} == --* ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == "=" ]]; then
		cur=$prev=
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $prev == "=" && $COMP_CWORD -ge 3 ]]; then
		cur=${COMP_WORDS[COMP_CWORD - 2]}=$cur
		prev=${COMP_WORDS[COMP_CWORD - 3]}
	fi

	# the command, its own verb, and how many words came before
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--vault | --identity | --passphrase-fd | --jobs | --case | --role | \
			--title | --kind | --field | --record | --content | \
			--with | --file | --zones | --decided-by | --basis | --note | --why | --follows | --to | --name | --org | \
			--root-key | --root-passphrase-fd | --work-factor | \
			--carry-passphrase-fd | --parity | --percent | --from | --part-size | --invite | --output | \
			--threshold | --shares | --label | --out | \
			--new-passphrase-fd | \
			--label | --kit | --key | --timeout | \
			--within | --chain | --crl | \
			--for | --words | --disclose | --files | --lang | --declaration | --set | \
			--set-file | --profile | --witnesses | --root | \
			--identity-file | -o | -i | -t)
			((i++))
			[[ ${COMP_WORDS[i]-} == "=" ]] && ((i++))
			[[ ${COMP_WORDS[i + 1]-} == "=" ]] && ((i += 2))
			;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=$word
			else
				((words++))
				[[ $words -eq 1 ]] && sub=$word
			fi
			;;
		esac
	done

	# the value of an option
	case $prev in
	--vault)
		_muniment_folders
		return
		;;
	--identity | --record | --content | --invite | --kit | --root-key | --output | \
		--chain | --crl | \
		--set-file | --root | --identity-file | -i)
		_muniment_files
		return
		;;
	-o)
		if [[ $command == get || $sub == split ]]; then
			_muniment_folders
		else
			_muniment_files
		fi
		return
		;;
	--to | -t)
		[[ $command == exhibit ]] || _muniment_files
		return
		;;
	--file)
		[[ $command == contents ]] && _muniment_files
		return
		;;
	--with)
		[[ $command == redact ]] && _muniment_files
		return
		;;
	--zones)
		if [[ $cur == @* ]]; then
			cur=${cur#@}
			_muniment_files
			COMPREPLY=("${COMPREPLY[@]/#/@}")
		fi
		return
		;;
	--role)
		_muniment_pick reader author admin witness
		return
		;;
	--kind)
		if [[ $command == remote ]]; then
			_muniment_pick vault stick host
			return
		fi
		local kinds
		mapfile -t kinds < <(_muniment_choices kind)
		_muniment_pick "${kinds[@]}"
		return
		;;
	--field)
		_muniment_field
		return
		;;
	--lang)
		_muniment_pick en ru fr
		return
		;;
	--declaration)
		_muniment_pick fre902-13 fre902-14 echr un none
		return
		;;
	--witnesses)
		_muniment_pick none keys named
		return
		;;
	--profile)
		_muniment_pick echr-rule39 echr-application un generic
		return
		;;
	--passphrase-fd | --root-passphrase-fd | --carry-passphrase-fd | \
		--jobs | --case | --title | --decided-by | --basis | --note | --why | --name | --org | \
		--work-factor | --part-size | --label | --key | --timeout | --within | \
		--for | --words | --disclose | --files | --set)
		return
		;;
	esac

	if [[ -z $command ]]; then
		# shellcheck disable=SC2086
		case $cur in
		-*) _muniment_pick $every --help --version -h ;;
		*) _muniment_pick $commands ;;
		esac
		return
	fi

	case $command in
	id)
		case $sub in
		new) options="--name --org --work-factor" ;;
		card) options="-o" ;;
		split) options="--threshold --shares -o --label --root-key" ;;
		join) options="--root-key --check --work-factor" ;;
		rotate) options="--out --new-passphrase-fd --work-factor" ;;
		destroy) options="--yes" ;;
		esac
		;;
	passphrase) options="--words --dice --check" ;;
	unlock) options="--for --status" ;;
	init) options="--root-key --root-passphrase-fd --work-factor" ;;
	case) [[ $sub == renew ]] && options="--without" ;;
	device)
		case $sub in
		new) options="--restored --why --follows" ;;
		esac
		;;
	member)
		case $sub in
		add)
			options="--case --role --no-keys --root-key
				--root-passphrase-fd"
			;;
		list) options="--case" ;;
		retire) options="--case --root-key --root-passphrase-fd" ;;
		rotate) options="--root-key --root-passphrase-fd" ;;
		accept | cut)
			options="--up-to --root-key --root-passphrase-fd"
			;;
		esac
		;;
	add)
		options="--case --title --kind --field --record --again --reread
			--contents --large"
		;;
	contents) options="--file --take --large" ;;
	list | search) options="--case" ;;
	edit)
		options="--title --kind --field --record --content --join"
		;;
	get) options="--case -o --by-item" ;;
	share) options="--case --with" ;;
	custody) options="--note" ;;
	retract) options="--why" ;;
	redact)
		options="--with --file --zones --decided-by --basis --title
			--kind --field --record"
		;;
	carry)
		options="-o --to -p --case --carry-passphrase-fd --parity --part-size
			--work-factor"
		;;
	collector)
		case $sub in
		kit) options="--case --label -o" ;;
		new) options="--kit --no-passphrase --work-factor" ;;
		add) options="--title --kind --field --record" ;;
		carry) options="-o --parity --part-size" ;;
		sync) options="--timeout" ;;
		esac
		;;
	receive)
		options="-p --carry-passphrase-fd --invite --large --no-witness"
		;;
	invite) options="-o" ;;
	remote) [[ $sub == add ]] && options="--kind --to" ;;
	sync)
		options="--pull --push --no-bulk --case --no-witness --large --timeout"
		;;
	parity) options="--percent --anew" ;;
	repair) options="-o --check --from -p --carry-passphrase-fd --large" ;;
	verify) options="--blind --invite --since-last" ;;
	check) options="--key --root" ;;
	witness) [[ $sub == ask ]] && options="--key --insecure-http" ;;
	stamp)
		case $sub in
		list) options="--within" ;;
		root) ;;
		*)
			options="-o --all --renew --within --import --chain
				--crl"
			;;
		esac
		;;
	exhibit)
		options="-o --disclose --files --no-files --count --witnesses
			--lang --declaration --set --set-file --profile --file-anyway --to --note"
		;;
	seal) options="--to -t --passphrase -p --armor -a --output -o" ;;
	open) options="--identity-file -i --output -o" ;;
	esac

	if [[ $cur == -* ]]; then
		# shellcheck disable=SC2086
		[[ $command == help ]] || _muniment_pick $options $every
		return
	fi

	# shellcheck disable=SC2086
	case $command in
	help) [[ $words -eq 0 ]] && _muniment_pick $commands ;;
	id)
		[[ $words -eq 0 ]] && _muniment_pick new card words split join rotate \
			destroy
		[[ $words -eq 1 && $sub == words ]] && _muniment_files
		[[ $words -ge 1 && $sub == join ]] && _muniment_files
		;;
	case) [[ $words -eq 0 ]] && _muniment_pick new list renew ;;
	device) [[ $words -eq 0 ]] && _muniment_pick list new ;;
	member)
		[[ $words -eq 0 ]] &&
			_muniment_pick add list retire rotate accept cut
		[[ $words -ge 1 && $sub == add ]] && _muniment_files
		[[ $words -eq 2 && $sub == rotate ]] && _muniment_files
		;;
	collector)
		[[ $words -eq 0 ]] && _muniment_pick kit list confirm new add \
			status carry sync
		[[ $words -eq 1 && $sub != confirm ]] && _muniment_folders
		[[ $words -ge 2 && $sub == add ]] && _muniment_files
		[[ $words -eq 2 && $sub == sync ]] && _muniment_folders
		;;
	witness) [[ $words -eq 0 ]] && _muniment_pick ask keys ;;
	stamp)
		if [[ " ${COMP_WORDS[*]} " == *" --import "* ]]; then
			_muniment_files
		elif [[ $words -eq 0 ]]; then
			_muniment_pick list root
		elif [[ $sub == root && $words -eq 1 ]]; then
			_muniment_pick add remove list
		elif [[ $sub == root ]]; then
			_muniment_files
		fi
		;;
	init) [[ $words -eq 0 ]] && _muniment_folders ;;
	remote)
		[[ $words -eq 0 ]] && _muniment_pick add list remove
		[[ $words -eq 2 && $sub == add ]] && _muniment_folders
		;;
	add | receive | invite | check | parity | repair) _muniment_files ;;
	seal | open) [[ $words -eq 0 ]] && _muniment_files ;;
	esac
	return 0
}

complete -F _muniment muniment
