/* completion.h: completion for bash, made from the option table. */
#ifndef PINION_TOOLS_COMPLETION_H
#define PINION_TOOLS_COMPLETION_H

/* Prints the script on standard output. */
void completion_print(void);

#endif
