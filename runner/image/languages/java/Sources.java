package coderunner;

import java.util.ArrayList;
import java.util.List;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;

/** The source files of a program, in the order they were sent. */
final class Sources {
    private Sources() {}

    static List<JavaFileObject> of(StandardJavaFileManager files, List<String> names) {
        var units = new ArrayList<JavaFileObject>();
        for (JavaFileObject unit : files.getJavaFileObjectsFromStrings(names)) {
            units.add(units.isEmpty() ? new Main(unit) : unit);
        }
        return units;
    }

    /** The first file may hold a public class of any name, as with `java Main.java`. */
    private static final class Main extends ForwardingJavaFileObject<JavaFileObject> {
        Main(JavaFileObject unit) {
            super(unit);
        }

        @Override
        public boolean isNameCompatible(String name, Kind kind) {
            return kind == Kind.SOURCE;
        }
    }
}
