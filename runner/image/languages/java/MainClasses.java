package coderunner;

import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeKind;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.tools.JavaFileObject;

/**
 * Finds the class to start: one with a main method that `java` would take. Of several, those in the
 * first file come first, and of these the public one.
 */
final class MainClasses implements TaskListener {
    private record Candidate(String name, boolean isFirst, boolean isPublic) {
        int rank() {
            return (isFirst ? 0 : 2) + (isPublic ? 0 : 1);
        }
    }

    private final JavaFileObject first;
    private final List<Candidate> candidates = new ArrayList<>();
    private Elements elements;

    MainClasses(JavaFileObject first) {
        this.first = first;
    }

    void watch(JavacTask task) {
        elements = task.getElements();
        task.addTaskListener(this);
    }

    @Override
    public void finished(TaskEvent event) {
        TypeElement type = event.getTypeElement();
        if (event.getKind() != TaskEvent.Kind.ANALYZE || type == null) return;
        boolean has =
                ElementFilter.methodsIn(elements.getAllMembers(type)).stream()
                        .anyMatch(MainClasses::isMain);
        if (!has) return;
        candidates.add(
                new Candidate(
                        elements.getBinaryName(type).toString(),
                        event.getSourceFile() == first,
                        type.getModifiers().contains(Modifier.PUBLIC)));
    }

    private static boolean isMain(ExecutableElement method) {
        return method.getSimpleName().contentEquals("main")
                && method.getReturnType().getKind() == TypeKind.VOID
                && !method.getModifiers().contains(Modifier.PRIVATE)
                && !method.getModifiers().contains(Modifier.ABSTRACT)
                && takesArguments(method);
    }

    private static boolean takesArguments(ExecutableElement method) {
        List<? extends Element> parameters = method.getParameters();
        if (parameters.isEmpty()) return true;
        return parameters.size() == 1
                && parameters.getFirst().asType().toString().equals("java.lang.String[]");
    }

    /** The class to start, or null; says so when there is none, or when there was a choice. */
    String choose(PrintWriter out) {
        Candidate chosen = null;
        for (Candidate one : candidates) {
            if (chosen == null || one.rank() < chosen.rank()) chosen = one;
        }
        if (chosen == null) {
            out.println("error: no class has a main method, such as `public static void main(String[] args)`");
            return null;
        }
        if (candidates.size() > 1) out.println("note: several classes have a main method; this runs " + chosen.name());
        return chosen.name();
    }
}
