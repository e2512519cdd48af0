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
	local commands="id init case member add list show history search edit
		get share custody retract carry receive verify seal open fields
		help"
	local every="--vault --identity --passphrase-fd --json --quiet"

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
		--vault | --identity | --passphrase-fd | --case | --role | \
			--title | --kind | --field | --record | --content | \
			--with | --note | --why | --to | --name | --org | \
			--root-key | --root-passphrase-fd | --work-factor | \
			--carry-passphrase-fd | --part-size | --output | \
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
	--identity | --record | --content | --root-key | --output | \
		--identity-file | -i)
		_muniment_files
		return
		;;
	-o)
		if [[ $command == get ]]; then
			_muniment_folders
		else
			_muniment_files
		fi
		return
		;;
	--to | -t)
		_muniment_files
		return
		;;
	--role)
		_muniment_pick reader author admin witness
		return
		;;
	--kind)
		local kinds
		mapfile -t kinds < <(_muniment_choices kind)
		_muniment_pick "${kinds[@]}"
		return
		;;
	--field)
		_muniment_field
		return
		;;
	--passphrase-fd | --root-passphrase-fd | --carry-passphrase-fd | \
		--case | --title | --with | --note | --why | --name | --org | \
		--work-factor | --part-size)
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
		esac
		;;
	init) options="--root-key --root-passphrase-fd --work-factor" ;;
	member)
		case $sub in
		add) options="--case --role" ;;
		list) options="--case" ;;
		esac
		;;
	add) options="--case --title --kind --field --record --again" ;;
	list | search) options="--case" ;;
	edit)
		options="--title --kind --field --record --content --join"
		;;
	get) options="--case -o --by-item" ;;
	share) options="--case --with" ;;
	custody) options="--note" ;;
	retract) options="--why" ;;
	carry)
		options="-o --to -p --case --carry-passphrase-fd --part-size
			--work-factor"
		;;
	receive) options="-p --carry-passphrase-fd" ;;
	verify) options="--blind" ;;
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
		[[ $words -eq 0 ]] && _muniment_pick new card words
		[[ $words -eq 1 && $sub == words ]] && _muniment_files
		;;
	case) [[ $words -eq 0 ]] && _muniment_pick new list ;;
	member)
		[[ $words -eq 0 ]] && _muniment_pick add list
		[[ $words -ge 1 && $sub == add ]] && _muniment_files
		;;
	init) [[ $words -eq 0 ]] && _muniment_folders ;;
	add | receive) _muniment_files ;;
	seal | open) [[ $words -eq 0 ]] && _muniment_files ;;
	esac
	return 0
}

complete -F _muniment muniment
