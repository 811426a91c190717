#include "bench/machine/build_kind.h"

#define TEXT_OF(X)                      #X
#define TEXT(X)                         TEXT_OF(X)
#define VERSION(...)                    VERSION_OF(__VA_ARGS__)
#define VERSION_OF(MAJOR, MINOR, PATCH) TEXT(MAJOR) "." TEXT(MINOR) "." TEXT(PATCH)

#if defined(__clang__)
#define COMPILER "clang " VERSION(__clang_major__, __clang_minor__, __clang_patchlevel__)
#elif defined(__GNUC__)
#define COMPILER "gcc " VERSION(__GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__)
#else
#define COMPILER "unknown"
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

struct build_kind build_kind(void)
{
    return (struct build_kind){
        .compiler = COMPILER,
        .type = PINION_BUILD_TYPE,
#ifdef __OPTIMIZE__
        .optimized = true,
#endif
#ifndef NDEBUG
        .asserts = true,
#endif
        .sanitized = SANITIZED,
    };
}
