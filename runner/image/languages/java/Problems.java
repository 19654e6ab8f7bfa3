package coderunner;

import com.sun.tools.javac.api.BasicJavacTask;
import com.sun.tools.javac.api.ClientCodeWrapper;
import com.sun.tools.javac.api.DiagnosticFormatter;
import com.sun.tools.javac.util.JCDiagnostic;
import com.sun.tools.javac.util.Log;
import java.io.PrintWriter;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticListener;
import javax.tools.JavaFileObject;

/** Prints what the compiler has to say as javac does. */
final class Problems implements DiagnosticListener<JavaFileObject> {
    private static final int MOST = 100;

    private final PrintWriter out;
    private DiagnosticFormatter<JCDiagnostic> formatter;
    private int errors;
    private int warnings;

    Problems(PrintWriter out) {
        this.out = out;
    }

    void watch(BasicJavacTask task) {
        formatter = Log.instance(task.getContext()).getDiagnosticFormatter();
    }

    @Override
    public void report(Diagnostic<? extends JavaFileObject> problem) {
        boolean isError = problem.getKind() == Diagnostic.Kind.ERROR;
        boolean isWarning = problem.getKind().name().endsWith("WARNING");
        if (isError) errors++;
        if (isWarning) warnings++;
        if ((isError ? errors : warnings) <= MOST) out.println(format(problem));
    }

    /** As javac itself would put it; what a problem says of itself has every name in full. */
    private String format(Diagnostic<? extends JavaFileObject> problem) {
        var wrapped = (ClientCodeWrapper.DiagnosticSourceUnwrapper) problem;
        return formatter.format(wrapped.d, Locale.ROOT);
    }

    void printCount() {
        print(errors, "error");
        print(warnings, "warning");
    }

    private void print(int count, String what) {
        if (count > 0) out.println(count + " " + what + (count == 1 ? "" : "s"));
    }
}
