#include "tools/pinion/completion.h"

#include <stdio.h>
#include <string.h>

#include "tools/pinion/commands.h"

/* "on|off" as the words of a shell. */
static void print_words(const char *list)
{
    for (; *list; list++) {
        putchar(*list == '|' ? ' ' : *list);
    }
}

static void print_value_case(const struct option *option)
{
    printf("    --%s) ", option->name);
    if (option->words) {
        printf("COMPREPLY=($(compgen -W '");
        print_words(option->words);
        printf("' -- \"$current\")); return ;;\n");
    } else if (strstr(option->argument, "FILE") || strstr(option->argument, "DIR")) {
        printf("COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n");
    } else {
        printf("return ;;\n");
    }
}

static void print_command_case(const struct command *command)
{
    printf("    %s) options='--help", command->name);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_table[i].commands & command->bit) {
            printf(" --%s", option_table[i].name);
        }
    }
    printf("' ;;\n");
}

void completion_print(void)
{
    printf("# bash completion for pinion, printed by pinion --completion\n"
           "_pinion()\n{\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local options=\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W '--help --version");
    for (size_t i = 0; i < command_count; i++) {
        printf(" %s", command_table[i].name);
    }
    printf("' -- \"$current\"))\n        return\n    fi\n"
           "    case $previous in\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_table[i].argument) {
            print_value_case(&option_table[i]);
        }
    }
    printf("    esac\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < command_count; i++) {
        print_command_case(&command_table[i]);
    }
    printf("    esac\n"
           "    case $current in\n"
           "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
           "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
           "    esac\n}\ncomplete -o filenames -F _pinion pinion\n");
}
