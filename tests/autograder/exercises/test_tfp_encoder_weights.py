"""Each kernel is found with its bias, in whatever order a layer has made its weights."""

from hypothesis import given
from hypothesis import strategies as st

from autograder.exercises.tfp_encoder.weights import fits, has_bias, paired

KERNEL = st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 9), st.integers(1, 9))
KERNELS = st.lists(KERNEL | st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=7)
ORDERS = {
    "in turn": lambda kernels, biases: [
        shape for pair in zip(kernels, biases, strict=True) for shape in pair
    ],
    "kernels first": lambda kernels, biases: [*kernels, *biases],
    "biases first": lambda kernels, biases: [*biases, *kernels],
    "bias before": lambda kernels, biases: [
        shape for pair in zip(biases, kernels, strict=True) for shape in pair
    ],
}


@given(kernels=KERNELS, order=st.sampled_from(sorted(ORDERS)), numbers=st.integers(0, 2))
def test_every_kernel_has_its_bias_behind_it(kernels, order, numbers):
    biases = [(shape[-1],) for shape in kernels]
    shapes = [*ORDERS[order](kernels, biases), *[()] * numbers]
    places = paired(shapes)
    assert sorted(places) == list(range(len(shapes)))
    arranged = [shapes[place] for place in places]
    assert [shape for shape in arranged if len(shape) > 1] == kernels
    assert all(has_bias(arranged, place) for place, s in enumerate(arranged) if len(s) > 1)


@given(shapes=st.lists(st.lists(st.integers(1, 9), max_size=4).map(tuple), max_size=12))
def test_nothing_is_lost_where_the_order_explains_nothing(shapes):
    assert sorted(paired(shapes)) == list(range(len(shapes)))


def test_a_stack_fits_in_each_order():
    wanted = [(5, 5, 1, 2), (5, 5, 2, 2), (5, 5, 2, 4), (5, 5, 4, 4), (7, 7, 4, 12)]
    kernels = [*wanted, (12, 9)]
    biases = [(shape[-1],) for shape in kernels]
    for arrange in ORDERS.values():
        shapes = arrange(kernels, biases)
        assert fits([shapes[place] for place in paired(shapes)], wanted)
