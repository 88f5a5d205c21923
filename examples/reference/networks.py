"""The networks of the reference numbers, in PyTorch, small enough for a test. Modules are called as layers are in the .model
files, so that parameters() can call parameters by the names they have there."""

import torch
from torch import nn
from torch.nn import functional as F

NAMES = {"weight": "w", "bias": "b"}
NORM_NAMES = {"weight": "scale", "bias": "shift", "running_mean": "mu", "running_var": "var"}
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm)


def variables(module):
    """Parameters and running statistics by their names in the .model file: `block.0.conv1.weight` is `block[0].conv1.w`."""
    found = {}
    for path, owner in module.named_modules():
        tensors = dict(owner.named_parameters(recurse=False)) | dict(owner.named_buffers(recurse=False))
        for name, tensor in tensors.items():
            if name != "num_batches_tracked":
                names = NORM_NAMES if isinstance(owner, NORMS) else NAMES
                place = "".join(f"[{p}]" if p.isdigit() else "." + p for p in path.split("."))
                found[f"{place[1:]}.{names[name]}"] = tensor
    return found


class Network(nn.Module):
    """What most networks share: an image in, logits out, cross-entropy. Seed and rate are such that rounding sends nothing
    another way at a ReLU or maximum: deep networks of few channels are chaotic else. `faint` ends the names of the scales that
    close a residual branch."""

    steps, batch, optimizers, seed, rate, faint = 10, 4, ("sgd",), 0, 0.002, ""
    classes = 10

    def columns(self):
        """Shapes of the float columns, and for columns of classes their number and shape."""
        return {"image": self.shape, "label": (self.classes, ())}

    def outputs(self, data):
        return {"logits": self(data["image"])}

    def loss(self, data):
        return F.cross_entropy(self(data["image"]), data["label"])


class Small(Network):
    steps, batch, optimizers = 20, 16, ("sgd", "adam")


class Mlp(Small):
    shape = (1, 28, 28)

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, 128)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        return self.out(self.hidden(x.flatten(1)).relu())


class LeNet5(Small):
    shape = (1, 32, 32)

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.conv3 = nn.Conv2d(16, 120, 5)
        self.fc1 = nn.Linear(120, 84)
        self.fc2 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.avg_pool2d(self.conv1(x).tanh(), 2)
        x = F.avg_pool2d(self.conv2(x).tanh(), 2)
        x = self.conv3(x).tanh().flatten(1)
        return self.fc2(self.fc1(x).tanh())


class Mixture(Small):
    shape, classes = (4, 15, 13), 5

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=2, dilation=2)
        self.conv3 = nn.Conv2d(12, 6, 1, bias=False)
        self.conv4 = nn.Conv2d(6, 7, (4, 3), padding="same")
        self.fc1 = nn.Linear(7 * 4 * 5, 33)
        self.ln = nn.LayerNorm(33)
        self.fc2 = nn.Linear(33, 17, bias=False)
        self.fc3 = nn.Linear(33, 17)
        self.fc4 = nn.Linear(102, 5)

    def forward(self, x):
        a = self.bn(self.conv1(x)).relu()
        b = F.max_pool2d(F.gelu(self.conv2(a)), 3, stride=2, padding=1)
        c = F.elu(self.conv4(F.pad(F.silu(self.conv3(b)), (1, 1, 1, 1))))
        d = F.hardswish(F.leaky_relu(F.avg_pool2d(c, (3, 2), stride=1)).flatten(1))
        e = F.softplus(self.ln(self.fc1(d)))
        p = self.fc2(e).tanh()
        g = self.fc3(e).sigmoid()
        h = torch.cat([p * g, p.softmax(-1), F.selu(g) - p.abs()], -1)
        k = torch.cat([torch.sqrt(1 + h**2), h.log_softmax(-1)], -1)
        return self.fc4(k.clamp(-4.1, 0.9))


class Shortcut(nn.Module):
    def __init__(self, c, planes, stride):
        super().__init__()
        self.conv = nn.Conv2d(c, planes, 1, stride, bias=False)
        self.bn = nn.BatchNorm2d(planes)

    def forward(self, x):
        return self.bn(self.conv(x))


class Basic(nn.Module):
    widen = 1

    def __init__(self, c, planes, stride, convolve=True):
        super().__init__()
        self.conv1 = nn.Conv2d(c, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        if convolve and (c != planes or stride > 1):
            self.downsample = Shortcut(c, planes, stride)
        self.stride, self.more = stride, planes - c

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        elif self.more:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return (x + y).relu()


class Bottleneck(nn.Module):
    widen = 4

    def __init__(self, c, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        if c != 4 * planes or stride > 1:
            self.downsample = Shortcut(c, 4 * planes, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return (self.bn3(self.conv3(y)) + (self.downsample(x) if hasattr(self, "downsample") else x)).relu()


class Stage(nn.Module):
    def __init__(self, kind, n, c, planes, stride, **more):
        super().__init__()
        first = [kind(c, planes, stride, **more)]
        self.block = nn.ModuleList(first + [kind(kind.widen * planes, planes, 1, **more) for _ in range(n - 1)])

    def forward(self, x):
        for block in self.block:
            x = block(x)
        return x


class ResNet(Network):
    shape, kind, blocks, width = (3, 64, 64), Basic, [2, 2, 2, 2], 4
    faint = "].bn2.scale"

    def __init__(self):
        super().__init__()
        c = self.width
        self.conv1 = nn.Conv2d(3, c, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        for i, n in enumerate(self.blocks):
            stage = Stage(self.kind, n, c, self.width * 2**i, 1 if i == 0 else 2)
            self.add_module(f"layer{i + 1}", stage)
            c = self.width * 2**i * self.kind.widen
        self.fc = nn.Linear(c, self.classes)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class ResNet50(ResNet):
    kind, blocks = Bottleneck, [3, 4, 6, 3]
    seed, rate, faint = 60, 0.0002, "].bn3.scale"


class CifarResNet(Network):
    shape, convolve = (3, 16, 16), False
    faint = "].bn2.scale"

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = Stage(Basic, 3, 4, 4, 1, convolve=self.convolve)
        self.layer2 = Stage(Basic, 3, 4, 8, 2, convolve=self.convolve)
        self.layer3 = Stage(Basic, 3, 8, 16, 2, convolve=self.convolve)
        self.fc = nn.Linear(16, self.classes)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class ConvolvedCifarResNet(CifarResNet):
    convolve = True


class ConvBlock(nn.Module):
    """A convolution, batch normalisation if asked for, ReLU."""

    def __init__(self, c, out, kernel, normalized, **more):
        super().__init__()
        self.conv = nn.Conv2d(c, out, kernel, **more)
        if normalized:
            self.bn = nn.BatchNorm2d(out)

    def forward(self, x):
        x = self.conv(x)
        return (self.bn(x) if hasattr(self, "bn") else x).relu()


class Vgg(Network):
    shape, repeats, normalized = (3, 32, 32), [2, 2, 3, 3, 3], False

    def __init__(self):
        super().__init__()
        c, self.block = 3, nn.ModuleDict()
        for b, n in enumerate(self.repeats, 1):
            self.block[str(b)] = nn.ModuleDict()
            for i in range(1, n + 1):
                out = min(4 * 2 ** (b - 1), 32)
                self.block[str(b)][str(i)] = ConvBlock(c, out, 3, self.normalized, padding=1)
                c = out
        self.fc6 = nn.Linear(c * (self.shape[1] // 32) ** 2, 24)
        self.fc7 = nn.Linear(24, 24)
        self.fc8 = nn.Linear(24, self.classes)

    def forward(self, x):
        for block in self.block.values():
            for conv in block.values():
                x = conv(x)
            x = F.max_pool2d(x, 2)
        return self.fc8(self.fc7(self.fc6(x.flatten(1)).relu()).relu())


class NormalizedVgg(Vgg):
    shape, repeats, normalized = (3, 64, 64), [1, 1, 2, 2, 2], True


class AlexNet(Network):
    shape, towers, k, padding, ends = (3, 67, 67), 2, [6, 16, 24, 24, 16], 0, 16

    def __init__(self):
        super().__init__()
        k, g = self.k, self.towers
        self.conv1 = nn.Conv2d(3, k[0], 11, 4, self.padding)
        self.conv2 = nn.Conv2d(k[0], k[1], 5, 1, 2, groups=g)
        self.conv3 = nn.Conv2d(k[1], k[2], 3, 1, 1)
        self.conv4 = nn.Conv2d(k[2], k[3], 3, 1, 1, groups=g)
        self.conv5 = nn.Conv2d(k[3], k[4], 3, 1, 1, groups=g)
        self.fc6 = nn.Linear(k[4], 256)
        self.fc7 = nn.Linear(256, 256)
        self.fc8 = nn.Linear(256, self.classes)

    def normalized(self, x):
        # PyTorch divides alpha by the size, the paper does not.
        return F.local_response_norm(x, 5, 5e-4, 0.75, 2.0) if self.towers == 2 else x

    def forward(self, x):
        x = F.max_pool2d(self.normalized(self.conv1(x).relu()), 3, 2)
        x = F.max_pool2d(self.normalized(self.conv2(x).relu()), 3, 2)
        x = self.conv5(self.conv4(self.conv3(x).relu()).relu()).relu()
        x = F.max_pool2d(x, 3, 2).flatten(1)
        return self.fc8(self.fc7(self.fc6(x).relu()).relu())


class OneTower(AlexNet):
    towers, k, padding = 1, [4, 12, 24, 16, 16], 2


NETWORKS = {
    "mlp": Mlp,
    "lenet": LeNet5,
    "mixture": Mixture,
    "resnet18": ResNet,
    "resnet50": ResNet50,
    "resnet_cifar": CifarResNet,
    "resnet_cifar_convolved": ConvolvedCifarResNet,
    "vgg16": Vgg,
    "vgg11_normalized": NormalizedVgg,
    "alexnet": AlexNet,
    "alexnet_one_tower": OneTower,
}
