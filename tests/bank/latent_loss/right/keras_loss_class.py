# A registered loss of Keras, which is called with the two arrays.
@keras.saving.register_keras_serializable("course")
class Rate(keras.losses.Loss):
    def __init__(self, name="rate", **kwargs):
        super().__init__(name=name, reduction=None, **kwargs)

    def call(self, y_true, y_pred):
        return keras.ops.sum(y_true**2 + keras.ops.expm1(y_pred) - y_pred, axis=-1) / 2

rate = Rate()

def latent_loss(mean, log_var):
    return rate(mean, log_var)
