/*
 * Java's waiting process: a virtual machine with its compiler warm, which then does for one program
 * what the `java` command does. The stage that compiles is Java (Compiler.java); the one that runs is
 * here, so that nothing of ours is on the stack of the program's main thread.
 *
 * Options of the machine on the command line come on top of those below; the image's build makes the
 * archive with them that the machine starts from (build.sh).
 */
#define _GNU_SOURCE
#include "../staged.h"

#include <jni.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PLACE "/opt/coderunner/languages/java"
#define WORKSPACE "/workspace"
#define OPTIONS_MAX 32
#define CLASS_PATH WORKSPACE "/.program:" WORKSPACE
#define STACK_BYTES (1024 * 1024) /* what `java` gives a main thread */
#define CHUNK_BYTES (16 * 1024 * 1024)
#define CHUNKS_MAX 32 /* more than any program may hold */
#define MODE_JAR 2                /* LauncherHelper's, for a class that a jar's manifest names */

/*
 * The heap is as large as leaves room, in what a program may hold, for the rest of the machine: so
 * garbage is collected before it counts as memory, and a program may catch that there is no more.
 */
static const char *const OPTIONS[] = {
    "-XX:AOTCache=" PLACE "/cache.aot",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0", /* moved, none of the archive's pages could be shared */
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1", /* most programs are over before better code would pay for its making */
    "-Xms24m",
    "-Xmx192m",
    "-XX:MaxNewSize=32m",
    "-XX:-UsePerfData",
    "-XX:-CreateCoredumpOnCrash",
    "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.util=ALL-UNNAMED",
    "-Djava.class.path=" PLACE "/boot.jar",
};
#define OPTIONS_OURS (sizeof OPTIONS / sizeof *OPTIONS)

static int extra_count;
static char **extra;
static JavaVM *vm;
static JNIEnv *env;

/* A failure of ours, not of a program; nobody but whoever builds the image should ever see it. */
static void must(int holds, const char *what)
{
    if (holds) return;
    if ((*env)->ExceptionCheck(env)) (*env)->ExceptionDescribe(env);
    fprintf(stderr, "java: %s\n", what);
    _Exit(125);
}

static void start_machine(void)
{
    JavaVMOption options[OPTIONS_MAX];
    int count = 0, first = 0;
    if (extra_count > 0 && strncmp(extra[0], "-XX:AOTMode=", 12) == 0) first = 1; /* there is no archive yet */
    for (size_t i = (size_t)first; i < OPTIONS_OURS; i++) options[count++].optionString = (char *)OPTIONS[i];
    for (int i = 0; i < extra_count && count < OPTIONS_MAX; i++) options[count++].optionString = extra[i];
    JavaVMInitArgs args = {.version = JNI_VERSION_21, .nOptions = count, .options = options};
    if (JNI_CreateJavaVM(&vm, (void **)&env, &args) != JNI_OK) _Exit(125);
}

static jclass find(const char *name)
{
    jclass found = (*env)->FindClass(env, name);
    must(found != NULL, name);
    return found;
}

static jmethodID find_static(jclass class, const char *name, const char *type)
{
    jmethodID found = (*env)->GetStaticMethodID(env, class, name, type);
    must(found != NULL, name);
    return found;
}

static jobjectArray to_java(int count, char **words)
{
    jclass string = find("java/lang/String");
    jobjectArray array = (*env)->NewObjectArray(env, count, string, NULL);
    jclass helper = find("sun/launcher/LauncherHelper");
    jmethodID decode = find_static(helper, "makePlatformString", "(Z[B)Ljava/lang/String;");
    for (int i = 0; i < count; i++) {
        jsize length = (jsize)strlen(words[i]);
        jbyteArray bytes = (*env)->NewByteArray(env, length);
        must(bytes != NULL, "arguments");
        (*env)->SetByteArrayRegion(env, bytes, 0, length, (jbyte *)words[i]);
        jobject word = (*env)->CallStaticObjectMethod(env, helper, decode, JNI_TRUE, bytes);
        must(word != NULL, "arguments");
        (*env)->SetObjectArrayElement(env, array, i, word);
        (*env)->DeleteLocalRef(env, bytes);
        (*env)->DeleteLocalRef(env, word);
    }
    return array;
}

static void warm_up(jclass compiler)
{
    (*env)->CallStaticVoidMethod(env, compiler, find_static(compiler, "warmUp", "()V"));
    must(!(*env)->ExceptionCheck(env), "warming up");
}

static void say_ready(jclass compiler)
{
    jmethodID version = find_static(compiler, "version", "()Ljava/lang/String;");
    jstring said = (*env)->CallStaticObjectMethod(env, compiler, version);
    must(said != NULL, "version");
    const char *text = (*env)->GetStringUTFChars(env, said, NULL);
    staged_ready(text);
    (*env)->ReleaseStringUTFChars(env, said, text);
    (*env)->DeleteLocalRef(env, said);
}

static void compile(jclass compiler, const struct order *order)
{
    jobjectArray words = to_java(order->count, order->words);
    jmethodID method = find_static(compiler, "compile", "([Ljava/lang/String;)I");
    jint code = (*env)->CallStaticIntMethod(env, compiler, method, words);
    must(!(*env)->ExceptionCheck(env), "compiling");
    (*env)->DeleteLocalRef(env, words);
    staged_compiled(code);
}

static void append(jobject loader, jmethodID method, const char *path)
{
    (*env)->CallVoidMethod(env, loader, method, (*env)->NewStringUTF(env, path));
    must(!(*env)->ExceptionCheck(env), path);
}

/*
 * Has the machine's own loader of applications find the program, as if it had been started so: a
 * loader of ours would be in stack traces, and a name on its path at the start must not come later.
 */
static void set_class_path(jclass compiler, const char *program)
{
    jmethodID set = find_static(compiler, "setClassPath", "(Ljava/lang/String;)Ljava/lang/ClassLoader;");
    jobject loader = (*env)->CallStaticObjectMethod(env, compiler, set, (*env)->NewStringUTF(env, CLASS_PATH));
    must(loader != NULL, "class path");
    jclass class = (*env)->GetObjectClass(env, loader);
    jmethodID method =
        (*env)->GetMethodID(env, class, "appendToClassPathForInstrumentation", "(Ljava/lang/String;)V");
    must(method != NULL, "class path");
    append(loader, method, program);
    append(loader, method, WORKSPACE);
}

/* The program's main class, or NULL after the machine has said why there is none. */
static jclass load_main(const char *program)
{
    jclass helper = find("sun/launcher/LauncherHelper");
    jmethodID load = find_static(helper, "checkAndLoadMain", "(ZILjava/lang/String;)Ljava/lang/Class;");
    jstring path = (*env)->NewStringUTF(env, program);
    return (*env)->CallStaticObjectMethod(env, helper, load, JNI_TRUE, MODE_JAR, path);
}

static int is(const char *field)
{
    jclass helper = find("sun/launcher/LauncherHelper");
    jfieldID id = (*env)->GetStaticFieldID(env, helper, field, "Z");
    must(id != NULL, field);
    return (*env)->GetStaticBooleanField(env, helper, id);
}

static void call_main(jclass class, jobjectArray args)
{
    const char *type = is("noArgMain") ? "()V" : "([Ljava/lang/String;)V";
    if (is("isStaticMain")) {
        jmethodID method = (*env)->GetStaticMethodID(env, class, "main", type);
        if (method != NULL) (*env)->CallStaticVoidMethod(env, class, method, args);
        return;
    }
    jmethodID make = (*env)->GetMethodID(env, class, "<init>", "()V");
    jobject object = make == NULL ? NULL : (*env)->NewObject(env, class, make);
    jmethodID method = object == NULL ? NULL : (*env)->GetMethodID(env, class, "main", type);
    if (method != NULL) (*env)->CallVoidMethod(env, object, method, args);
}

/*
 * A program that ended because its heap was full ends as any program does that took too much: the
 * supervisor counts what is held, so what the heap could not give is taken here. The same error for
 * want of threads, or for an array that no heap could hold, is an error like any other.
 */
static void take_too_much(void)
{
    for (int i = 0; i < CHUNKS_MAX; i++) mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static int has_full_heap(jthrowable thrown)
{
    static const char *const WORDS[] = {"Java heap space", "Metaspace", "GC overhead limit exceeded"};
    if (!(*env)->IsInstanceOf(env, thrown, find("java/lang/OutOfMemoryError"))) return 0;
    jmethodID message = (*env)->GetMethodID(env, find("java/lang/Throwable"), "getMessage", "()Ljava/lang/String;");
    jstring said = message == NULL ? NULL : (*env)->CallObjectMethod(env, thrown, message);
    const char *text = said == NULL ? NULL : (*env)->GetStringUTFChars(env, said, NULL);
    int is = 0;
    for (size_t i = 0; text != NULL && i < sizeof WORDS / sizeof *WORDS; i++) is |= strcmp(text, WORDS[i]) == 0;
    return is;
}

static int is_out_of_memory(void)
{
    jthrowable thrown = (*env)->ExceptionOccurred(env);
    if (thrown == NULL) return 0;
    (*env)->ExceptionClear(env);
    int is = has_full_heap(thrown);
    (*env)->ExceptionClear(env);
    (*env)->Throw(env, thrown);
    return is;
}

/* What `java` does from here on: uncaught exceptions printed, threads waited for, hooks run. */
static void run(jclass compiler, const struct order *order)
{
    set_class_path(compiler, order->words[0]);
    jobjectArray args = to_java(order->count - 1, order->words + 1);
    staged_become(order);
    jclass main_class = load_main(order->words[0]);
    if (main_class != NULL) call_main(main_class, args);
    int code = (*env)->ExceptionCheck(env) ? 1 : 0, ran_out = is_out_of_memory();
    (*vm)->DetachCurrentThread(vm);
    (*vm)->DestroyJavaVM(vm);
    if (ran_out) take_too_much();
    exit(code);
}

static void *main_thread(void *unused)
{
    (void)unused;
    struct order order;
    start_machine();
    jclass compiler = find("coderunner/Compiler");
    warm_up(compiler);
    if (!staged_begin()) {
        (*vm)->DestroyJavaVM(vm);
        exit(0);
    }
    say_ready(compiler);
    while (staged_next(&order)) {
        if (!order.is_compile) run(compiler, &order);
        compile(compiler, &order);
    }
    _Exit(0);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_attr_t attributes;
    extra_count = argc - 1;
    extra = argv + 1;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (pthread_create(&thread, &attributes, main_thread, NULL) != 0) return 125;
    pthread_join(thread, NULL);
    return 125;
}
