#include "bench/machine/system_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PROCESSORS = 1 << 16 }; /* more than any kernel is built for */

static FILE *open_file(const char *root, const char *path)
{
    char *name = NULL;
    if (asprintf(&name, "%s/%s", root, path) < 0) {
        return NULL;
    }
    FILE *stream = fopen(name, "re");
    free(name);
    return stream;
}

static bool read_text(const char *root, char text[SYSTEM_TEXT_SIZE], const char *path,
                      va_list arguments)
{
    char *name = NULL;
    if (vasprintf(&name, path, arguments) < 0) {
        return false;
    }
    FILE *stream = open_file(root, name);
    free(name);
    if (stream == NULL) {
        return false;
    }
    const bool found = fgets(text, SYSTEM_TEXT_SIZE, stream) != NULL;
    fclose(stream);
    if (!found || strlen(text) == SYSTEM_TEXT_SIZE - 1) { /* nothing read here is that long */
        return false;
    }
    size_t length = 0;
    for (const char *c = text; *c != '\0' && *c != '\n'; c++) {
        if (*c >= ' ' && *c <= '~') {
            text[length++] = *c;
        }
    }
    text[length] = '\0';
    return length > 0;
}

bool system_text(const char *root, char text[SYSTEM_TEXT_SIZE], const char *path, ...)
{
    va_list arguments;
    va_start(arguments, path);
    const bool found = read_text(root, text, path, arguments);
    va_end(arguments);
    return found;
}

static bool to_number(const char *text, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return isdigit((unsigned char)*text) && *end == '\0' && errno == 0;
}

bool system_number(const char *root, long long *number, const char *path, ...)
{
    char text[SYSTEM_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, path);
    const bool found = read_text(root, text, path, arguments);
    va_end(arguments);
    return found && to_number(text, number);
}

enum system_answer system_flag(const char *root, const char *path, ...)
{
    char text[SYSTEM_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, path);
    const bool found = read_text(root, text, path, arguments);
    va_end(arguments);
    return found && strcmp(text, "0") == 0   ? SYSTEM_NO
           : found && strcmp(text, "1") == 0 ? SYSTEM_YES
                                             : SYSTEM_UNKNOWN;
}

/* hwloc's own reader takes what follows a mistake as absent; this one takes nothing. */
static bool to_list(const char *text, hwloc_bitmap_t list)
{
    hwloc_bitmap_zero(list);
    for (const char *c = text; *c != '\0';) {
        char *end;
        if (!isdigit((unsigned char)*c)) {
            return false;
        }
        const unsigned long first = strtoul(c, &end, 10);
        unsigned long last = first;
        if (*end == '-') {
            c = end + 1;
            if (!isdigit((unsigned char)*c)) {
                return false;
            }
            last = strtoul(c, &end, 10);
        }
        if (last < first || last >= MOST_PROCESSORS || (*end != ',' && *end != '\0')) {
            return false;
        }
        hwloc_bitmap_set_range(list, (unsigned)first, (int)last);
        c = *end == ',' ? end + 1 : end;
    }
    return !hwloc_bitmap_iszero(list);
}

bool system_list(const char *root, hwloc_bitmap_t list, const char *path, ...)
{
    char text[SYSTEM_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, path);
    const bool found = read_text(root, text, path, arguments);
    va_end(arguments);
    return found && to_list(text, list);
}

/* The value of the first line "key<blanks>:<blanks>value" of a file, to be freed; NULL: none. */
static char *read_value(const char *root, const char *path, const char *key)
{
    FILE *stream = open_file(root, path);
    if (stream == NULL) {
        return NULL;
    }
    const size_t length = strlen(key);
    char *line = NULL, *value = NULL;
    size_t capacity = 0;
    while (value == NULL && getline(&line, &capacity, stream) > 0) {
        const char *rest = line + length;
        if (strncmp(line, key, length) != 0) {
            continue;
        }
        rest += strspn(rest, " \t");
        if (*rest == ':') {
            rest += 1 + strspn(rest + 1, " \t");
            value = strndup(rest, strcspn(rest, "\n"));
        }
    }
    free(line);
    fclose(stream);
    return value;
}

bool system_mask(const char *root, hwloc_bitmap_t mask)
{
    char *value = read_value(root, "proc/self/status", "Cpus_allowed_list");
    const bool found = value != NULL && to_list(value, mask);
    free(value);
    return found;
}

bool system_load(const char *root, double load[3])
{
    char text[SYSTEM_TEXT_SIZE];
    return system_text(root, text, "proc/loadavg") &&
           sscanf(text, "%lf %lf %lf", &load[0], &load[1], &load[2]) == 3 && load[0] >= 0 &&
           load[1] >= 0 && load[2] >= 0 && load[0] < INT_MAX && load[1] < INT_MAX &&
           load[2] < INT_MAX;
}

static bool is_word(const char *text)
{
    return text[strcspn(text, " ")] == '\0';
}

bool system_governor(const char *root, unsigned processor, char governor[SYSTEM_TEXT_SIZE])
{
    return system_text(root, governor, "sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
                       processor) &&
           is_word(governor);
}

enum system_answer system_boost(const char *root)
{
    const enum system_answer off =
        system_flag(root, "sys/devices/system/cpu/intel_pstate/no_turbo");
    if (off != SYSTEM_UNKNOWN) {
        return off == SYSTEM_YES ? SYSTEM_NO : SYSTEM_YES;
    }
    return system_flag(root, "sys/devices/system/cpu/cpufreq/boost");
}

bool system_clock_source(const char *root, char name[SYSTEM_TEXT_SIZE])
{
    if (!system_text(root, name, "sys/devices/system/clocksource/clocksource0/%s",
                     "current_clocksource")) {
        return false;
    }
    name[strcspn(name, " ")] = '\0'; /* some kernels end it with a blank */
    return *name != '\0';
}

/* "always [madvise] never": the choices, the one in force in brackets. */
bool system_huge_pages(const char *root, char when[SYSTEM_TEXT_SIZE])
{
    char text[SYSTEM_TEXT_SIZE];
    if (!system_text(root, text, "sys/kernel/mm/transparent_hugepage/enabled")) {
        return false;
    }
    const char *start = strchr(text, '[');
    const size_t length = start == NULL ? 0 : strcspn(start + 1, "]");
    if (length == 0 || start[1 + length] != ']') {
        return false;
    }
    memcpy(when, start + 1, length);
    when[length] = '\0';
    return is_word(when);
}

/* Firmware of virtual machines names its maker; that of clouds that rent out whole machines too
 * says so in the product. */
static enum system_answer virtual_by_firmware(const char *root)
{
    static const char *const makers[] = {"QEMU",   "KVM",       "Bochs",     "VMware",
                                         "Xen",    "innotek",   "Parallels", "Amazon EC2",
                                         "Google", "OpenStack", "Alibaba"};
    char maker[SYSTEM_TEXT_SIZE], product[SYSTEM_TEXT_SIZE];
    if (!system_text(root, maker, "sys/class/dmi/id/sys_vendor")) {
        return SYSTEM_UNKNOWN;
    }
    if (!system_text(root, product, "sys/class/dmi/id/product_name")) {
        *product = '\0';
    }
    if (strstr(product, "metal") != NULL) {
        return SYSTEM_NO;
    }
    if (strstr(product, "Virtual Machine") != NULL) {
        return SYSTEM_YES;
    }
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        if (strncmp(maker, makers[i], strlen(makers[i])) == 0) {
            return SYSTEM_YES;
        }
    }
    return SYSTEM_NO;
}

/* x86 has a flag for it; elsewhere the system knows a hypervisor by name, or firmware does. */
enum system_answer system_virtual_machine(const char *root)
{
    char *flags = read_value(root, "proc/cpuinfo", "flags");
    if (flags != NULL) {
        bool found = false;
        char *rest = flags;
        for (const char *flag; (flag = strsep(&rest, " ")) != NULL;) {
            found = found || strcmp(flag, "hypervisor") == 0;
        }
        free(flags);
        return found ? SYSTEM_YES : SYSTEM_NO;
    }
    char text[SYSTEM_TEXT_SIZE];
    if (system_text(root, text, "sys/hypervisor/type") ||
        system_text(root, text, "proc/device-tree/hypervisor/compatible")) {
        return SYSTEM_YES;
    }
    return virtual_by_firmware(root);
}

enum system_answer system_on_battery(const char *root)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s/sys/class/power_supply", root) < 0) {
        return SYSTEM_UNKNOWN;
    }
    DIR *supplies = opendir(folder);
    free(folder);
    if (supplies == NULL) {
        return SYSTEM_UNKNOWN;
    }
    enum system_answer answer = SYSTEM_UNKNOWN;
    for (const struct dirent *entry; (entry = readdir(supplies)) != NULL;) {
        char text[SYSTEM_TEXT_SIZE];
        const char *name = entry->d_name;
        if (!system_text(root, text, "sys/class/power_supply/%s/type", name) ||
            strcmp(text, "Battery") != 0) {
            continue;
        }
        /* A mouse has a battery too. */
        if (system_text(root, text, "sys/class/power_supply/%s/scope", name) &&
            strcmp(text, "Device") == 0) {
            continue;
        }
        if (system_text(root, text, "sys/class/power_supply/%s/status", name)) {
            const bool emptied = strcmp(text, "Discharging") == 0;
            answer = emptied || answer == SYSTEM_YES ? SYSTEM_YES : SYSTEM_NO;
        }
    }
    closedir(supplies);
    return answer;
}

bool system_megahertz(const char *root, unsigned processor, double *megahertz)
{
    static const char *const files[] = {"base_frequency", "cpuinfo_max_freq"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        long long kilohertz;
        if (system_number(root, &kilohertz, "sys/devices/system/cpu/cpu%u/cpufreq/%s", processor,
                          files[i]) &&
            kilohertz > 0) {
            *megahertz = (double)kilohertz / 1e3;
            return true;
        }
    }
    char *value = read_value(root, "proc/cpuinfo", "cpu MHz");
    char *end = value;
    *megahertz = value == NULL ? 0 : strtod(value, &end);
    const bool found = end != value && *end == '\0' && *megahertz > 0 && *megahertz < INT_MAX;
    free(value);
    return found;
}

bool system_ticks_parse(const char *line, unsigned *processor, struct system_processor_ticks *ticks)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    if (strncmp(line, "cpu", 3) != 0 || !isdigit((unsigned char)line[3])) {
        return false;
    }
    char *end;
    const unsigned long number = strtoul(line + 3, &end, 10);
    if (number >= MOST_PROCESSORS) {
        return false;
    }
    uint64_t fields[FIELDS] = {0};
    int count = 0;
    while (count < FIELDS && *end == ' ') {
        const char *start = end + 1;
        if (!isdigit((unsigned char)*start)) {
            return false;
        }
        fields[count++] = strtoull(start, &end, 10);
    }
    if (count <= IDLE || (*end != ' ' && *end != '\n' && *end != '\0')) {
        return false; /* old kernels tell only the first four */
    }
    *processor = (unsigned)number;
    *ticks = (struct system_processor_ticks){.known = true,
                                             .busy = fields[USER] + fields[NICE] + fields[SYSTEM] +
                                                     fields[IRQ] + fields[SOFTIRQ],
                                             .idle = fields[IDLE] + fields[IOWAIT],
                                             .stolen = fields[STEAL]};
    return true;
}

/* Makes room for `processor`; false without memory. */
static bool ticks_grow(struct system_ticks *ticks, unsigned processor)
{
    if (processor < ticks->count) {
        return true;
    }
    const size_t count = (size_t)processor + 1;
    struct system_processor_ticks *of = realloc(ticks->of, count * sizeof *of);
    if (of == NULL) {
        return false;
    }
    memset(of + ticks->count, 0, (count - ticks->count) * sizeof *of);
    *ticks = (struct system_ticks){of, count};
    return true;
}

void system_ticks_read(const char *root, struct system_ticks *ticks)
{
    *ticks = (struct system_ticks){0};
    FILE *stream = open_file(root, "proc/stat");
    if (stream == NULL) {
        return;
    }
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stream) > 0 && strncmp(line, "cpu", 3) == 0) {
        unsigned processor;
        struct system_processor_ticks one;
        if (system_ticks_parse(line, &processor, &one) && ticks_grow(ticks, processor)) {
            ticks->of[processor] = one;
        }
    }
    free(line);
    fclose(stream);
}

void system_ticks_free(struct system_ticks *ticks)
{
    free(ticks->of);
    *ticks = (struct system_ticks){0};
}
