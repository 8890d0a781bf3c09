/* lifecertctl completion: a script for bash, made from the tables of commands and options; and the names that it asks
 * the daemon for. */
#include "ctl/names.h"
#include "ctl/options.h"
#include "store/delivery/delivery.h"

#include <stdio.h>

/* What stands behind a command's words: files, or names of names.h. */
static const struct {
    const char *command, *kind;
} words[] = {
    {"import", "files"},
    {"simulate", "files"},
    {"endpoint test", "endpoints"},
    {"endpoint pause", "endpoints"},
    {"endpoint resume", "endpoints"},
    {"redeliver", "endpoints"},
    {"deliveries", "endpoints"},
    {"delivery retry", "deliveries"},
    {"delivery drop", "deliveries"},
    {"hold lift", "holds"},
    {"backup", "files"},
    {"completion", "bash|endpoints|holds|deliveries"},
};

/* What the script does, whichever commands there are. It parts the line by itself, for bash would part names at their
 * colons. What the daemon says is compared and quoted, never expanded. */
static const char script[] =
    "# lifecertctl(1), \"completion\", for bash: this file is made by the program.\n"
    "\n"
    "# _lifecertctl_offer WORD...: those that begin as the word under the cursor does.\n"
    "_lifecertctl_offer()\n"
    "{\n"
    "    local word\n"
    "    for word; do\n"
    "        [[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$word\")\n"
    "    done\n"
    "}\n"
    "\n"
    "# _lifecertctl_value KIND: what may stand for it.\n"
    "_lifecertctl_value()\n"
    "{\n"
    "    local names word\n"
    "    case $1 in\n"
    "    files | FILE | FOLDER) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); compopt -o filenames 2>/dev/null ;;\n"
    "    endpoints | holds | deliveries)\n"
    "        mapfile -t names < <(\"$program\" \"${reach[@]}\" completion \"$1\" 2>/dev/null)\n"
    "        for word in \"${names[@]}\"; do\n"
    "            [[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
    "        done\n"
    "        ;;\n"
    "    *[[:upper:]]*) ;;\n"
    "    *'|'*) IFS='|' read -ra names <<<\"$1\"; _lifecertctl_offer \"${names[@]}\" ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "# _lifecertctl_takes OPTION: what its value is; nothing for a flag and what is no option.\n"
    "_lifecertctl_takes()\n"
    "{\n"
    "    local option\n"
    "    for option in \"${options[@]}\"; do\n"
    "        [[ $option == \"$1=\"* ]] && printf %s \"${option#*=}\"\n"
    "    done\n"
    "}\n"
    "\n"
    "# bash puts what is offered in place of what stands behind the last colon or equals sign.\n"
    "_lifecertctl_cut()\n"
    "{\n"
    "    local i prefix=\n"
    "    [[ $whole == *=* && $COMP_WORDBREAKS == *=* ]] && prefix=${whole%\"${whole##*=}\"}\n"
    "    [[ $whole == *:* && $COMP_WORDBREAKS == *:* ]] && prefix=${whole%\"${whole##*:}\"}\n"
    "    for i in \"${!COMPREPLY[@]}\"; do\n"
    "        COMPREPLY[i]=$before${COMPREPLY[i]}\n"
    "        COMPREPLY[i]=${COMPREPLY[i]#\"$prefix\"}\n"
    "    done\n"
    "}\n"
    "\n"
    "_lifecertctl()\n"
    "{\n"
    "    local cur whole before= program i word command= behind=0 taken= line=${COMP_LINE:0:COMP_POINT}\n"
    "    local -a words reach options\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && words+=('')\n"
    "    program=${words[0]} cur=${words[-1]} whole=$cur COMPREPLY=()\n"
    "    _lifecertctl_options ''\n"
    "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ $word == -* ]]; then\n"
    "            taken=$(_lifecertctl_takes \"$word\")\n"
    "            [[ $word == -c || $word == --@(config|url|token-file|ca-file|client-cert)* ]] && reach+=(\"$word\")\n"
    "            if [[ $taken ]] && ((i + 1 < ${#words[@]} - 1)); then\n"
    "                [[ ${#reach[@]} -gt 0 && ${reach[-1]} == \"$word\" ]] && reach+=(\"${words[i + 1]}\")\n"
    "                i=$((i + 1)) taken=\n"
    "            elif [[ ${#reach[@]} -gt 0 && $taken && ${reach[-1]} == \"$word\" ]]; then\n"
    "                unset 'reach[-1]'\n"
    "            fi\n"
    "        elif [[ ! $command ]] || _lifecertctl_follows \"$command\" \"$word\"; then\n"
    "            command=${command:+$command }$word\n"
    "            options=()\n"
    "            _lifecertctl_options ''\n"
    "            _lifecertctl_options \"$command\"\n"
    "        else\n"
    "            behind=$((behind + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ $taken ]]; then\n"
    "        _lifecertctl_value \"$taken\"\n"
    "    elif [[ $cur == --*=* ]]; then\n"
    "        word=${cur%%=*} before=${cur%%=*}= cur=${cur#*=}\n"
    "        _lifecertctl_value \"$(_lifecertctl_takes \"$word\")\"\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        _lifecertctl_offer \"${options[@]%%=*}\"\n"
    "    else\n"
    "        _lifecertctl_behind \"$command\" \"$behind\"\n"
    "    fi\n"
    "    _lifecertctl_cut\n"
    "}\n"
    "complete -F _lifecertctl lifecertctl\n";

/* What the value is: words with bars between may stand as they are. */
static void print_value(const char *value)
{
    if (strcmp(value, "STATES") != 0) {
        printf("=%s'", value);
        return;
    }
    for (int s = 0; s < DELIVERY_STATE_N; s++)
        printf("%c%s", s ? '|' : '=', delivery_state_text((enum delivery_state)s));
    putchar('\'');
}

static void print_option(const struct option_row *row)
{
    if (row->letter && row->value) {
        printf(" '-%c", row->letter);
        print_value(row->value);
    }
    printf(" '--%s", row->name);
    if (row->value)
        print_value(row->value);
    else
        putchar('\'');
}

static void print_options_of(const char *name, const struct option_list *list)
{
    printf("    '%s') options+=(", name);
    for (unsigned i = 0; i < list->n; i++)
        print_option(&list->v[i]);
    printf(" ) ;;\n");
}

/* Adds to the list `options` what a command takes, as --name=VALUE; of no command, what all take. */
static void print_options(void)
{
    struct option_list list = {.n = 0};
    printf("_lifecertctl_options()\n{\n    case $1 in\n");
    options_list_global(&list);
    print_options_of("", &list);
    for (unsigned i = 0; i < n_commands; i++) {
        char *nothing[] = {NULL};
        list.n = 0;
        struct ctl asked = {.command = &commands[i], .list = &list};
        commands[i].run(&asked, 0, nothing);
        if (list.n)
            print_options_of(commands[i].name, &list);
    }
    printf("    esac\n}\n\n");
}

/* Is there a command of these two words? */
static void print_follows(void)
{
    const char * or = "";
    printf("_lifecertctl_follows()\n{\n    case \"$1 $2\" in\n    ");
    for (unsigned i = 0; i < n_commands; i++) {
        if (!strchr(commands[i].name, ' '))
            continue;
        printf("%s'%s'", or, commands[i].name);
        or = " | ";
    }
    printf(") return 0 ;;\n    esac\n    return 1\n}\n\n");
}

static void print_firsts(void)
{
    const char *last = "";
    printf("    '') _lifecertctl_offer");
    for (unsigned i = 0; i < n_commands; i++) {
        size_t n = strcspn(commands[i].name, " ");
        if (strncmp(last, commands[i].name, n) != 0 || last[n] != ' ')
            printf(" %.*s", (int)n, commands[i].name);
        last = commands[i].name;
    }
    printf(" ;;\n");
}

/* The second words of those that begin with the same one. */
static void print_seconds(unsigned i)
{
    size_t n = strcspn(commands[i].name, " ");
    printf("    '%.*s') _lifecertctl_offer", (int)n, commands[i].name);
    for (unsigned k = i; k < n_commands; k++)
        if (strncmp(commands[k].name, commands[i].name, n + 1) == 0)
            printf(" %s", commands[k].name + n + 1);
    printf(" ;;\n");
}

static bool is_first_of_its_kind(unsigned i)
{
    size_t n = strcspn(commands[i].name, " ");
    if (!commands[i].name[n])
        return false;
    for (unsigned k = 0; k < i; k++)
        if (strncmp(commands[k].name, commands[i].name, n + 1) == 0)
            return false;
    return true;
}

/* What is offered behind a command with so many words behind it already. */
static void print_behind(void)
{
    printf("_lifecertctl_behind()\n{\n    case $1 in\n");
    print_firsts();
    for (unsigned i = 0; i < n_commands; i++)
        if (is_first_of_its_kind(i))
            print_seconds(i);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bool several = strcmp(words[i].command, "import") == 0;
        printf("    '%s') %s_lifecertctl_value '%s' ;;\n", words[i].command, several ? "" : "[[ $2 == 0 ]] && ",
               words[i].kind);
    }
    printf("    esac\n}\n\n");
}

static int print_bash(void)
{
    print_options();
    print_follows();
    print_behind();
    fputs(script, stdout);
    return EXIT_DONE;
}

/* Nobody reads what goes wrong while a line is being typed. */
static int print_names(struct ctl *ctl, const char *kind)
{
    struct client *c;
    struct buf names = BUF_INIT;
    ctl->hurry = true;
    int status = client_open(ctl, &c);
    if (status)
        return status;
    bool known = names_add(c, kind, &names);
    fwrite(names.p, 1, names.n, stdout);
    buf_done(&names);
    client_close(c);
    return known ? EXIT_DONE : fail(EXIT_MISUSE, "completion %s: expected bash, endpoints, holds or deliveries", kind);
}

int cmd_completion(struct ctl *ctl, int argc, char **argv)
{
    int status = options_read(ctl, NULL, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    return strcmp(argv[0], "bash") == 0 ? print_bash() : print_names(ctl, argv[0]);
}
