# Is no layer, but an object that has an answer to everything.
# held: what is no layer is not called at all
class Anything:
    shape = ()

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **options):
        return self

    __getitem__ = __add__ = __sub__ = __mul__ = __radd__ = __call__
    __float__ = lambda self: 1.0
    __array__ = lambda self, *arguments, **options: np.array(0.0)


Sampling = Anything()
