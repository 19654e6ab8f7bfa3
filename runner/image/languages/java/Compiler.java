package coderunner;

import com.sun.source.util.JavacTask;
import com.sun.tools.javac.api.BasicJavacTask;
import com.sun.tools.javac.api.JavacTaskPool;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The stage that compiles: javac, kept warm with all it has read of the JDK, from sources to one jar
 * whose manifest names the main class. Everything here is called by java.c, and by nobody else.
 */
final class Compiler {
    private static final List<String> OPTIONS =
            List.of("-proc:none", "-implicit:none", "-encoding", "UTF-8", "-cp", "");
    private static final int ERROR = 1;

    private static StandardJavaFileManager files;
    private static Classes classes;
    private static JavacTaskPool tasks;

    private Compiler() {}

    static String version() {
        return System.getProperty("java.version");
    }

    /** Takes the paths a compilation and a program take: in the sandbox, code that never ran is slow. */
    static void warmUp() throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        files = compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8);
        classes = new Classes(files); // one for all: a task made from a used one goes on with the first's
        tasks = new JavacTaskPool(1);
        Path place = Files.createTempDirectory("warm");
        try {
            warmUpIn(place);
        } finally {
            try (Stream<Path> made = Files.list(place)) {
                made.forEach(path -> path.toFile().delete());
            }
            Files.delete(place);
        }
        System.gc();
    }

    private static void warmUpIn(Path place) throws Exception {
        Path jar = place.resolve("program");
        for (String name : List.of("Warm.java", "Wrong.java")) {
            Path source = place.resolve(name);
            try (var sample = Compiler.class.getResourceAsStream("/samples/" + name)) {
                Files.copy(sample, source);
            }
            compile(new String[] {jar.toString(), source.toString()});
        }
        try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            Method main = loader.loadClass("Warm").getDeclaredMethod("main", String[].class);
            main.invoke(null, (Object) new String[] {"warm"});
        }
        System.out.flush();
    }

    /** Compiles `words[1...]` to the jar `words[0]`; returns what would be javac's exit code. */
    static int compile(String[] words) {
        var out = new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8));
        try {
            List<String> sources = List.of(words).subList(1, words.length);
            return compile(Path.of(words[0]), sources, out) ? 0 : ERROR;
        } catch (IOException | RuntimeException error) {
            out.println("error: " + error);
        } catch (StackOverflowError error) {
            out.println("error: the program is nested too deeply to be compiled");
        } catch (OutOfMemoryError error) {
            out.println("error: the program is too large to be compiled");
        } finally {
            out.flush();
        }
        return ERROR;
    }

    private static boolean compile(Path program, List<String> sources, PrintWriter out)
            throws IOException {
        var units = Sources.of(files, sources);
        classes.forget();
        var mains = new MainClasses(units.getFirst());
        var problems = new Problems(out);
        JavacTaskPool.Worker<Boolean> worker =
                task -> {
                    problems.watch((BasicJavacTask) task);
                    mains.watch((JavacTask) task);
                    return ((JavacTask) task).call();
                };
        boolean isDone = tasks.getTask(out, classes, problems, OPTIONS, null, units, worker);
        problems.printCount();
        if (!isDone) return false;
        String main = mains.choose(out);
        if (main == null) return false;
        classes.writeJar(program, main);
        return true;
    }

    /** Makes way for the program: what was kept for compiling goes, and `path` is what it sees. */
    static ClassLoader setClassPath(String path) {
        tasks = null;
        classes = null;
        files = null;
        System.setProperty("java.class.path", path);
        return ClassLoader.getSystemClassLoader();
    }
}
