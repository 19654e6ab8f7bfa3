package coderunner;

import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;

/** Keeps the classes that javac makes in memory, and writes them as one jar. */
final class Classes extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, byte[]> contents = new TreeMap<>();

    Classes(JavaFileManager files) {
        super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
            Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
        String name = className.replace('.', '/') + kind.extension;
        return new SimpleJavaFileObject(URI.create("memory:///class"), kind) {
            @Override
            public OutputStream openOutputStream() {
                var bytes = new ByteArrayOutputStream();
                return new FilterOutputStream(bytes) {
                    @Override
                    public void write(byte[] data, int from, int length) {
                        bytes.write(data, from, length);
                    }

                    @Override
                    public void close() {
                        contents.put(name, bytes.toByteArray());
                    }
                };
            }
        };
    }

    void forget() {
        contents.clear();
    }

    /** The underlying manager is for the next compilation too. */
    @Override
    public void close() {}

    /** Packed, it would be smaller and slower, both to make and to load. */
    void writeJar(Path path, String mainClass) throws IOException {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, mainClass);
        var head = new ByteArrayOutputStream();
        manifest.write(head);
        var bytes = new ByteArrayOutputStream();
        try (var jar = new ZipOutputStream(bytes)) {
            jar.setMethod(ZipOutputStream.STORED);
            add(jar, JarFile.MANIFEST_NAME, head.toByteArray());
            for (var entry : contents.entrySet()) add(jar, entry.getKey(), entry.getValue());
        }
        Files.write(path, bytes.toByteArray());
    }

    private static void add(ZipOutputStream jar, String name, byte[] content) throws IOException {
        var sum = new CRC32();
        sum.update(content);
        var entry = new ZipEntry(name);
        entry.setSize(content.length);
        entry.setCrc(sum.getValue());
        entry.setTimeLocal(java.time.LocalDateTime.of(2026, 1, 1, 0, 0)); // the same sources make the same jar
        jar.putNextEntry(entry);
        jar.write(content);
        jar.closeEntry();
    }
}
