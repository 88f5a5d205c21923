"""The networks of the reference numbers, in PyTorch, with the names their parameters have in the .model files."""

import torch
from torch import nn


class Weighted(nn.Module):
    """A dense or convolution layer whose parameters are called w and b."""

    def __init__(self, layer):
        super().__init__()
        self.w = layer.weight
        self.b = layer.bias
        layer.weight, layer.bias = None, None
        self.layer = [layer]

    def forward(self, x):
        layer = self.layer[0]
        if isinstance(layer, nn.Linear):
            return nn.functional.linear(x, self.w, self.b)
        return nn.functional.conv2d(x, self.w, self.b, layer.stride, layer.padding, layer.dilation, layer.groups)


class Mlp(nn.Module):
    input_shape, classes = (1, 28, 28), 10

    def __init__(self):
        super().__init__()
        self.hidden = Weighted(nn.Linear(784, 128))
        self.out = Weighted(nn.Linear(128, 10))

    def forward(self, x):
        return self.out(nn.functional.relu(self.hidden(x.flatten(1))))

    @staticmethod
    def module():
        return Mlp()


class LeNet5(nn.Module):
    input_shape, classes = (1, 32, 32), 10

    def __init__(self):
        super().__init__()
        self.conv1 = Weighted(nn.Conv2d(1, 6, 5))
        self.conv2 = Weighted(nn.Conv2d(6, 16, 5))
        self.conv3 = Weighted(nn.Conv2d(16, 120, 5))
        self.fc1 = Weighted(nn.Linear(120, 84))
        self.fc2 = Weighted(nn.Linear(84, 10))

    def forward(self, x):
        pool = nn.functional.avg_pool2d
        x = pool(self.conv1(x).tanh(), 2)
        x = pool(self.conv2(x).tanh(), 2)
        x = self.conv3(x).tanh().flatten(1)
        return self.fc2(self.fc1(x).tanh())

    @staticmethod
    def module():
        return LeNet5()


class Norm(nn.Module):
    """Batch or layer normalisation with the library's names."""

    def __init__(self, size, batch):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.shift = nn.Parameter(torch.zeros(size))
        if batch:
            self.register_buffer("mu", torch.zeros(size))
            self.register_buffer("var", torch.ones(size))
        self.batch = batch

    def forward(self, x):
        if self.batch:
            return nn.functional.batch_norm(x, self.mu, self.var, self.scale, self.shift, self.training)
        return nn.functional.layer_norm(x, self.scale.shape, self.scale, self.shift)


class Mixture(nn.Module):
    input_shape, classes = (4, 15, 13), 5

    def __init__(self):
        super().__init__()
        self.conv1 = Weighted(nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False))
        self.bn = Norm(8, batch=True)
        self.conv2 = Weighted(nn.Conv2d(8, 12, 3, padding=2, dilation=2))
        self.conv3 = Weighted(nn.Conv2d(12, 6, 1, bias=False))
        self.conv4 = Weighted(nn.Conv2d(6, 7, (4, 3), padding="same"))
        self.fc1 = Weighted(nn.Linear(7 * 4 * 5, 33))
        self.ln = Norm(33, batch=False)
        self.fc2 = Weighted(nn.Linear(33, 17, bias=False))
        self.fc3 = Weighted(nn.Linear(33, 17))
        self.fc4 = Weighted(nn.Linear(102, 5))

    def forward(self, x):
        f = nn.functional
        a = self.bn(self.conv1(x)).relu()
        b = f.max_pool2d(f.gelu(self.conv2(a)), 3, stride=2, padding=1)
        c = f.elu(self.conv4(f.pad(f.silu(self.conv3(b)), (1, 1, 1, 1))))
        d = f.hardswish(f.leaky_relu(f.avg_pool2d(c, (3, 2), stride=1)).flatten(1))
        e = f.softplus(self.ln(self.fc1(d)))
        p = self.fc2(e).tanh()
        g = self.fc3(e).sigmoid()
        h = torch.cat([p * g, p.softmax(-1), f.selu(g) - p.abs()], -1)
        k = torch.cat([torch.sqrt(1 + h**2), h.log_softmax(-1)], -1)
        return self.fc4(k.clamp(-4.1, 0.9))

    @staticmethod
    def module():
        return Mixture()


NETWORKS = {"mlp": Mlp, "lenet": LeNet5, "mixture": Mixture}
