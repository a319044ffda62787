"""Names that let a file act when it is loaded, and what each could do.

A table of dangers never ends, and what it lacks is not harmless: that is why everything else is `unknown`
and only exact names are `known`. It is here so that obs can say *what* a name could do. Sources: the
documentation of Python's library, what the scanners fickling, picklescan and modelscan look for, and, for
the other libraries, their code. Where honest files hold such a name too, a comment says so.

`MODULES`: reason -> modules of which every name counts, and every name below them. `NAMES`: reason ->
module -> names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMMANDS: Final = "can run commands of the operating system"
CODE: Final = "can run Python code that the file brings along"
IMPORTS: Final = "can import any module and take any name from it"
ATTRIBUTES: Final = (
    "can read or set any attribute of any object, and so reach functions that the file does not name"
)
CALLS: Final = "can call any function that it is given, later or through other objects"
FILES: Final = "can read, write or remove files"
NETWORK: Final = "can send or fetch data over the network"
UNPICKLES: Final = "can load another pickle, which may do anything"
NATIVE: Final = "can load native libraries or touch memory directly"
PROCESS: Final = "can start, stop or change processes and threads"
INTERPRETER: Final = "can inspect, change or halt the running interpreter"
STATE_CODE: Final = "runs Python text from its own state when it is loaded (so do the honest ones)"

MODULES: Final[Mapping[str, str]] = {
    COMMANDS: (
        "_aix_support _distutils_hack _osx_support _posixsubprocess antigravity cffi commands distutils "
        "ensurepip fabric invoke nt numpy.distutils numpy.f2py os paramiko pexpect pip plumbum popen2 "
        "posix pty ptyprocess setuptools sh subprocess torch._inductor torch.utils.cpp_extension venv "
        "virtualenv"
    ),
    CODE: (
        "IPython RestrictedPython _testcapi asteval bdb cProfile cloudpickle code codeop compiler dill "
        "doctest execnet idlelib imputil ipykernel jinja2 joblib.externals lib2to3 mako marshal new "
        "numexpr numpy.testing pandas.core.computation pdb profile pstats pydoc rlcompleter runpy "
        "sklearn.externals.joblib.externals test.support test.test_support timeit torch.jit trace "
        "xmlrunner"
    ),
    IMPORTS: (
        "_frozen_importlib _frozen_importlib_external _imp ihooks imp importlib importlib_metadata "
        "importlib_resources pkg_resources pkgutil six.moves zipimport"
    ),
    FILES: (
        "ConfigParser _bootsubprocess _sqlite3 anydbm bz2 configparser dbhash dbm dircache dumbdbm "
        "filecmp fileinput fsspec gdbm genericpath glob gzip h5py linecache lzma mailbox mmap netrc "
        "ntpath numpy._core.memmap numpy.core.memmap numpy.lib._datasource numpy.lib._npyio_impl "
        "numpy.lib.format numpy.lib.npyio pandas.io posixpath scipy.io shutil skops.io smart_open sqlite3 "
        "tarfile tempfile tokenize whichdb zipapp zipfile"
    ),
    NETWORK: (
        "BaseHTTPServer CGIHTTPServer Cookie DocXMLRPCServer SimpleHTTPServer SimpleXMLRPCServer "
        "SocketServer _socket _ssl aiohttp asynchat asyncio asyncore boto boto3 botocore cgi cookielib "
        "ftplib gcsfs google.cloud http httplib httplib2 httpx huggingface_hub imaplib mlflow nntplib "
        "poplib pycurl requests robotparser s3fs scipy.datasets selectors sklearn.datasets smtpd smtplib "
        "socket socketserver ssl telnetlib twisted urllib urllib2 urllib3 urlparse webbrowser websocket "
        "websockets wsgiref xmlrpc xmlrpclib"
    ),
    UNPICKLES: (
        "_pickle cPickle klepto pickle pickle5 pyarrow.serialization ruamel shelve torch.hub "
        "torch.package torch.serialization torch.utils.data.datapipes yaml"
    ),
    NATIVE: ("Cython _ctypes ctypes cython dl llvmlite numba numpy.ctypeslib pyximport scipy.weave"),
    PROCESS: (
        "_dummy_thread _multiprocessing _posixshmem _thread _winapi _winreg billiard celery concurrent "
        "dask distributed dummy_thread dummy_threading fcntl joblib._parallel_backends joblib.parallel "
        "loky msvcrt multiprocess multiprocessing psutil pyspark ray resource sched signal "
        "sklearn.utils.parallel thread threading winreg"
    ),
    INTERPRETER: (
        "atexit faulthandler gc inspect site sitecustomize symtable sys sysconfig syslog tracemalloc "
        "usercustomize"
    ),
    # The distributions of scipy.stats keep the text of their argument parser in `_parse_arg_template`, and
    # `rv_generic.__setstate__` gives it to exec: a file can put any text there. RandomizedSearchCV brings
    # them along: honest files have them.
    STATE_CODE: "scipy.stats._continuous_distns scipy.stats._discrete_distns scipy.stats._levy_stable",
}

_PATH_METHODS: Final = " ".join(
    f"{cls}.{method}"
    for cls in ("Path", "PathBase", "PosixPath", "WindowsPath")
    for method in (
        "chmod", "copy", "copy_into", "hardlink_to", "lchmod", "mkdir", "move", "move_into", "open",
        "read_bytes", "read_text", "rename", "replace", "rmdir", "symlink_to", "touch", "unlink",
        "write_bytes", "write_text",
    )
)  # fmt: skip

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    CODE: {
        "__builtin__": "compile eval exec execfile input",
        "builtins": "compile eval exec execfile",
        "collections": "namedtuple",
        "dataclasses": "_create_fn make_dataclass",
        "keras.layers.core": "Lambda",
        "keras.layers.core.lambda_layer": "Lambda",
        "logging.config": "dictConfig fileConfig listen",
        "numpy": "safe_eval",
        "numpy.lib.utils": "safe_eval",
        "pandas": "eval",
        "pandas.core.frame": "DataFrame.eval DataFrame.query",
        "sympy": "parse_expr sympify",
        "torch.fx.experimental.symbolic_shapes": "ShapeEnv.evaluate_guards_expression",
        "types": (
            "CellType CodeType FrameType FunctionType GeneratorType LambdaType ModuleType coroutine "
            "new_class prepare_class resolve_bases"
        ),
        "typing": "ForwardRef _eval_type get_type_hints",
    },
    IMPORTS: {
        "__builtin__": "__import__ reload",
        "builtins": "__build_class__ __import__ __loader__ __spec__ reload",
        "numpy._core": "_ufunc_reconstruct",
        # numpy 1.19 and before write it for ufuncs such as np.log1p: honest files have it.
        "numpy.core": "_ufunc_reconstruct",
        "unittest.mock": "_importer patch",
    },
    ATTRIBUTES: {
        # Protocols below 4 write bound and nested methods through getattr: honest files have it.
        "__builtin__": "delattr dir getattr globals locals setattr vars",
        "_operator": "attrgetter methodcaller",
        "builtins": "__dict__ delattr dir getattr globals locals setattr vars",
        "numpy.core._dtype_ctypes": "dtype_from_ctypes_type",
        "operator": "attrgetter methodcaller",
    },
    CALLS: {
        "__builtin__": "apply filter iter map reduce",
        "_codecs": "register register_error",
        "_functools": "partial reduce",
        "_operator": "call",
        "builtins": "filter iter map",
        "codecs": "register register_error",
        "contextlib": "ExitStack contextmanager",
        # HistGradientBoosting with categories, and others, bring partial along: honest files have it.
        "functools": "cached_property lru_cache partial partialmethod reduce singledispatch",
        "itertools": "accumulate dropwhile filterfalse groupby ifilter ifilterfalse imap starmap takewhile",
        "joblib": "Parallel delayed",
        "numpy": "apply_along_axis apply_over_axes fromfunction frompyfunc piecewise",
        "numpy._core._multiarray_umath": "frompyfunc",
        "numpy._core.numeric": "fromfunction",
        "numpy.core._multiarray_umath": "frompyfunc",
        "numpy.core.numeric": "fromfunction",
        "numpy.lib._function_base_impl": "piecewise",
        "numpy.lib._shape_base_impl": "apply_along_axis apply_over_axes",
        "numpy.lib.function_base": "piecewise",
        "numpy.lib.shape_base": "apply_along_axis apply_over_axes",
        "operator": "call",
        "types": "MethodType",
        "weakref": "WeakMethod finalize",
    },
    FILES: {
        "__builtin__": "file open",
        "_io": "FileIO OpenWrapper open open_code",
        "_pyio": "FileIO OpenWrapper open open_code",
        "builtins": "file open",
        "codecs": "EncodedFile StreamReaderWriter open",
        "io": "FileIO OpenWrapper open open_code",
        "joblib": "Memory dump hash wrap_non_picklable_objects",
        "joblib.backports": "concurrency_safe_rename make_memmap",
        "joblib.disk": "delete_folder mkdirp rm_subdirs",
        "joblib.hashing": "hash",
        # Pipeline(memory=...) brings Memory along: honest files have it.
        "joblib.memory": "AsyncMemorizedFunc MemorizedFunc MemorizedResult Memory",
        # joblib before 0.10 kept each array in a file of its own.
        "joblib.numpy_pickle_compat": "NDArrayWrapper ZNDArrayWrapper read_zfile write_zfile",
        "logging": "FileHandler basicConfig",
        "logging.handlers": "RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler",
        "numpy": (
            "DataSource fromfile fromregex genfromtxt loadtxt memmap open_memmap recfromcsv recfromtxt save "
            "savetxt savez savez_compressed tofile"
        ),
        "numpy._core._multiarray_umath": "fromfile",
        "numpy._core.multiarray": "fromfile",
        "numpy._core.records": "fromfile",
        "numpy.core._multiarray_umath": "fromfile",
        "numpy.core.multiarray": "fromfile",
        "numpy.core.records": "fromfile",
        "pandas": (
            "ExcelFile ExcelWriter HDFStore read_clipboard read_csv read_excel read_feather read_fwf "
            "read_gbq read_hdf read_html read_iceberg read_json read_orc read_parquet read_sas read_spss "
            "read_sql read_sql_query read_sql_table read_stata read_table read_xml to_pickle"
        ),
        "pathlib": _PATH_METHODS,
        "pathlib._abc": _PATH_METHODS,  # Python 3.13
        "pathlib._local": _PATH_METHODS,  # Python 3.13
        "pyarrow": "OSFile input_stream memory_map output_stream",
        "pyarrow.lib": (
            "MemoryMappedFile NativeFile OSFile create_memory_map input_stream memory_map output_stream"
        ),
        "sklearn.externals.joblib.memory": "MemorizedFunc MemorizedResult Memory",
        "sklearn.externals.joblib.numpy_pickle_compat": (
            "NDArrayWrapper ZNDArrayWrapper read_zfile write_zfile"
        ),
        "tensorflow": "io",
        "torch": "from_file save",
    },
    NETWORK: {
        "logging.handlers": "DatagramHandler HTTPHandler SMTPHandler SocketHandler SysLogHandler",
        "torch.distributed.rpc": "init_rpc remote rpc_async rpc_sync",
    },
    UNPICKLES: {
        "joblib": "load",
        "joblib.numpy_pickle": "NumpyUnpickler _unpickle load load_temporary_memmap",
        "joblib.numpy_pickle_compat": "ZipNumpyUnpickler load_compatibility",
        "keras.models": "load_model",
        "keras.saving": "load_model",
        "numpy": "load",
        "numpy.core.multiarray": "_load_from_filelike",
        "numpy.ma.core": "load loads",
        "pandas": "read_pickle",
        "pandas.compat.pickle_compat": "Unpickler load loads",
        "sklearn.externals.joblib": "Memory load",
        "sklearn.externals.joblib.numpy_pickle": "NumpyUnpickler load load_temporary_memmap",
        "tensorflow.keras.models": "load_model",
        "torch": "load",
        "torch.storage": "_load_from_bytes",
    },
    INTERPRETER: {
        "__builtin__": "breakpoint exit help input intern quit raw_input",
        "builtins": "breakpoint exit help input quit",
        "copy_reg": "add_extension clear_extension_cache constructor dispatch_table pickle remove_extension",
        "copyreg": "add_extension clear_extension_cache constructor dispatch_table pickle remove_extension",
        "numpy": "set_string_function seterrcall",
        "warnings": "showwarning",
    },
    STATE_CODE: {
        "scipy.stats": "rv_continuous rv_discrete rv_histogram",
        "scipy.stats._distn_infrastructure": "rv_continuous rv_discrete rv_generic rv_sample",
        "scipy.stats.distributions": "rv_continuous rv_discrete rv_histogram",
    },
}

INSIDES: Final = frozenset(
    {
        "ag_frame", "cr_frame", "f_back", "f_builtins", "f_code", "f_globals", "f_locals", "func_closure",
        "func_code", "func_globals", "gi_code", "gi_frame", "im_class", "im_func", "im_self", "mro",
        "tb_frame", "tb_next",
    }
)  # fmt: skip
"""Attributes by which a dotted name gets into the insides of the interpreter, beside `__all_of_these__`."""
