/*
 * C#'s waiting process where the runtime is Mono: the runtime with its compiler warm, which then does
 * for one program what `mcs` and `mono` do. The runtime itself runs the program's entry point, so
 * that nothing of ours is on the stack, and prints what `mono` prints.
 */
#define _GNU_SOURCE
#include "../staged.h"

#include <fcntl.h>
#include <locale.h>
#include <mono/jit/jit.h>
#include <mono/metadata/appdomain.h>
#include <mono/metadata/assembly.h>
#include <mono/metadata/debug-helpers.h>
#include <mono/metadata/environment.h>
#include <mono/metadata/exception.h>
#include <mono/metadata/mono-config.h>
#include <mono/metadata/mono-gc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "/opt/coderunner/languages/csharp"
#define COMPILER "/usr/lib/mono/4.5/mcs.exe"
#define ASSEMBLY "/tmp/Main.exe" /* what it is written to says what an assembly is called */
#define WARM "/tmp/Warm.exe"
#define UNSHARED "MONO_DISABLE_SHARED_AREA"

/* What programs may use without asking; one that is not in the image would be an error. */
static const char *const OPTIONS[] = {
    "-nologo", "-utf8output", "-codepage:utf8", "-langversion:latest", "-r:System.Numerics.dll", "-r:Microsoft.CSharp.dll",
    "-r:System.Xml.Linq.dll", "-r:System.Runtime.Serialization.dll", "-r:System.Net.Http.dll", "-r:System.Data.dll",
    "-r:System.IO.Compression.dll", "-r:System.Web.Extensions.dll",
};
#define OPTIONS_COUNT ((int)(sizeof OPTIONS / sizeof *OPTIONS))

static MonoDomain *domain;
static MonoMethod *invoke_compiler, *get_error;

/* A failure of ours, not of a program; nobody but whoever builds the image should ever see it. */
static void must(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "mono: %s\n", what);
    _Exit(125);
}

static MonoMethod *find(MonoImage *image, const char *name)
{
    MonoMethodDesc *wanted = mono_method_desc_new(name, 1);
    MonoMethod *found = mono_method_desc_search_in_image(wanted, image);
    must(found != NULL, name);
    mono_method_desc_free(wanted);
    return found;
}

static void start_runtime(void)
{
    setlocale(LC_ALL, "");
    mono_config_parse(NULL);
    setenv(UNSHARED, "1", 1); /* a file for observers, which every program would find */
    domain = mono_jit_init_version("Main.exe", "v4.0.30319");
    must(domain != NULL, "runtime");
    unsetenv(UNSHARED);
    MonoAssembly *compiler = mono_domain_assembly_open(domain, COMPILER);
    must(compiler != NULL, COMPILER);
    invoke_compiler = find(mono_assembly_get_image(compiler), "Mono.CSharp.CompilerCallableEntryPoint:InvokeCompiler");
    get_error = find(mono_get_corlib(), "System.Console:get_Error");
}

static void set_word(MonoArray *words, int at, const char *word)
{
    mono_array_setref(words, (uintptr_t)at, mono_string_new(domain, word));
}

static int compile_to(const char *output, int count, char **sources)
{
    char out[64];
    MonoObject *thrown = NULL;
    MonoArray *words = mono_array_new(domain, mono_get_string_class(), (uintptr_t)(OPTIONS_COUNT + count + 1));
    for (int i = 0; i < OPTIONS_COUNT; i++) set_word(words, i, OPTIONS[i]);
    snprintf(out, sizeof out, "-out:%s", output);
    set_word(words, OPTIONS_COUNT, out);
    for (int i = 0; i < count; i++) set_word(words, OPTIONS_COUNT + 1 + i, sources[i]);
    MonoObject *error = mono_runtime_invoke(get_error, NULL, NULL, NULL);
    void *args[] = {words, error};
    MonoObject *done = mono_runtime_invoke(invoke_compiler, NULL, args, &thrown);
    if (thrown != NULL) mono_print_unhandled_exception(thrown);
    return thrown == NULL && *(MonoBoolean *)mono_object_unbox(done) ? 0 : 1;
}

/* Puts what was compiled where the supervisor looks for it. */
static int hand_over(const char *program)
{
    struct stat info;
    int from = open(ASSEMBLY, O_RDONLY | O_CLOEXEC), to = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    int done = from >= 0 && to >= 0 && fstat(from, &info) == 0;
    for (off_t at = 0; done && at < info.st_size;) {
        if (sendfile(to, from, &at, (size_t)(info.st_size - at)) <= 0) done = 0;
    }
    if (!done) perror(program);
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    unlink(ASSEMBLY);
    return done ? 0 : 1;
}

static void compile(const struct order *order)
{
    int code = compile_to(ASSEMBLY, order->count - 1, order->words + 1);
    staged_compiled(code == 0 ? hand_over(order->words[0]) : code);
}

/* Takes the paths a compilation and a program take: in the sandbox, code that never ran is slow. */
static void warm_up(void)
{
    char *sample[] = {PLACE "/samples/Warm.cs"}, *wrong[] = {PLACE "/samples/Wrong.cs"};
    compile_to(WARM, 1, wrong);
    must(compile_to(WARM, 1, sample) == 0, "the sample does not compile");
    MonoAssembly *warm = mono_domain_assembly_open(domain, WARM);
    must(warm != NULL, WARM);
    MonoObject *thrown = NULL; /* not mono_jit_exec: it makes what it is given the entry assembly */
    void *args[] = {mono_array_new(domain, mono_get_string_class(), 0)};
    mono_runtime_invoke(find(mono_assembly_get_image(warm), "Warm:Main"), NULL, args, &thrown);
    must(thrown == NULL, "the sample fails");
    unlink(WARM);
    mono_gc_collect(mono_gc_max_generation());
}

/* What `mono` does from here on: uncaught exceptions printed, threads waited for, finalizers run. */
static void run(const struct order *order)
{
    staged_become(order);
    MonoAssembly *program = mono_domain_assembly_open(domain, order->words[0]);
    if (program == NULL) {
        fprintf(stderr, "Cannot open assembly '%s'.\n", order->words[0]);
        exit(2);
    }
    mono_jit_exec(domain, program, order->count, order->words);
    mono_jit_cleanup(domain); /* after mono_thread_manage it would wait for ever */
    exit(mono_environment_exitcode_get());
}

static char *version(void)
{
    char *said = mono_get_runtime_build_info();
    said[strcspn(said, " ")] = '\0';
    return said;
}

int main(int argc, char **argv)
{
    struct order order;
    if (argc > 1 && strcmp(argv[1], "--version") == 0) return puts(version()) < 0;
    start_runtime();
    warm_up();
    if (!staged_begin()) return 0;
    staged_ready(version());
    while (staged_next(&order)) {
        if (!order.is_compile) run(&order);
        compile(&order);
    }
    _Exit(0);
}
