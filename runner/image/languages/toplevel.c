/*
 * Three functions for boot.py and cells.py. run(): a code object as the interpreter's outermost frame.
 * Without it, whatever looks at the call stack of a program (traceback.print_stack, inspect.stack,
 * sys._getframe) would find the frames of the file that was waiting for the program. call(): the same
 * for a function and its arguments.
 * serve_forks(): prepared.h, with what Python has to do around a fork.
 */
#include <Python.h>
#include "prepared.h"

static PyObject *run(PyObject *module, PyObject *arguments)
{
    PyObject *code, *globals;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O!", &PyCode_Type, &code, &PyDict_Type, &globals)) return NULL;
    PyThreadState *thread = PyThreadState_Get();
    struct _PyInterpreterFrame *waiting = thread->current_frame;
    thread->current_frame = NULL;
    PyObject *result = PyEval_EvalCode(code, globals, globals);
    thread->current_frame = waiting;
    return result;
}

static PyObject *call(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    if (count < 1) return PyErr_Format(PyExc_TypeError, "nothing to call");
    PyThreadState *thread = PyThreadState_Get();
    struct _PyInterpreterFrame *waiting = thread->current_frame;
    thread->current_frame = NULL;
    PyObject *result = PyObject_Vectorcall(arguments[0], arguments + 1, (size_t)(count - 1), NULL);
    thread->current_frame = waiting;
    return result;
}

static PyObject *serve(PyObject *module, PyObject *version)
{
    static const struct fork_hooks hooks = {
        .before = PyOS_BeforeFork,
        .after_in_child = PyOS_AfterFork_Child,
    };
    const char *text = PyUnicode_AsUTF8(version);
    (void)module;
    if (!text) return NULL;
    serve_forks(text, &hooks);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"run", run, METH_VARARGS, "run(code, globals)"},
    {"call", (PyCFunction)(void (*)(void))call, METH_FASTCALL, "call(function, *arguments)"},
    {"serve_forks", serve, METH_O, "serve_forks(version)"},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "toplevel", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_toplevel(void)
{
    return PyModuleDef_Init(&definition);
}
