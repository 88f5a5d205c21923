"""The networks of the reference numbers, in PyTorch, small enough to train in a test, and at full size. Modules are called as layers are in the .model
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
    close a residual branch, `gain` is how large weights are. Without optimizers there is inference alone."""

    steps, batch, optimizers, seed, rate, faint, gain = 10, 4, ("sgd",), 0, 0.002, "", 2
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


class SoftmaxRegression(Small):
    shape = (1, 28, 28)

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(784, 10)

    def forward(self, x):
        return self.dense(x.flatten(1))


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
    shape, width, convolve = (3, 16, 16), 4, False
    faint = "].bn2.scale"

    def __init__(self):
        super().__init__()
        w = self.width
        self.conv1 = nn.Conv2d(3, w, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(w)
        self.layer1 = Stage(Basic, 3, w, w, 1, convolve=self.convolve)
        self.layer2 = Stage(Basic, 3, w, 2 * w, 2, convolve=self.convolve)
        self.layer3 = Stage(Basic, 3, 2 * w, 4 * w, 2, convolve=self.convolve)
        self.fc = nn.Linear(4 * w, self.classes)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class ConvolvedCifarResNet(CifarResNet):
    convolve = True


class ConvBlock(nn.Module):
    """A convolution, batch normalisation if asked for, and ReLU or what `ends` is set to."""

    def __init__(self, c, out, kernel, normalized, **more):
        super().__init__()
        self.conv = nn.Conv2d(c, out, kernel, **more)
        self.bn = nn.BatchNorm2d(out) if normalized else nn.Identity()
        self.ends = nn.ReLU()

    def forward(self, x):
        return self.ends(self.bn(self.conv(x)))


class Vgg(Network):
    shape, repeats, normalized, width, hidden = (3, 32, 32), [2, 2, 3, 3, 3], False, 4, 24

    def __init__(self):
        super().__init__()
        c = self.encoder(self.width, self.normalized)[-1]
        self.fc6 = nn.Linear(c * (self.shape[1] // 32) ** 2, self.hidden)
        self.fc7 = nn.Linear(self.hidden, self.hidden)
        self.fc8 = nn.Linear(self.hidden, self.classes)

    def encoder(self, width, normalized):
        """The five blocks of convolutions; gives their widths."""
        c, self.block, widths = 3, nn.ModuleDict(), []
        for b, n in enumerate(self.repeats):
            row = self.block[str(b + 1)] = nn.ModuleDict()
            widths.append(min(width * 2**b, 8 * width))
            for i in range(1, n + 1):
                row[str(i)] = ConvBlock(c, widths[-1], 3, normalized, padding=1)
                c = widths[-1]
        return widths

    def forward(self, x):
        for block in self.block.values():
            for conv in block.values():
                x = conv(x)
            x = F.max_pool2d(x, 2)
        return self.fc8(self.fc7(self.fc6(x.flatten(1)).relu()).relu())


class NormalizedVgg(Vgg):
    shape, repeats, normalized = (3, 64, 64), [1, 1, 2, 2, 2], True


class AlexNet(Network):
    shape, towers, k, padding, hidden = (3, 67, 67), 2, [6, 16, 24, 24, 16], 0, 256

    def __init__(self):
        super().__init__()
        k, g = self.k, self.towers
        self.conv1 = nn.Conv2d(3, k[0], 11, 4, self.padding)
        self.conv2 = nn.Conv2d(k[0], k[1], 5, 1, 2, groups=g)
        self.conv3 = nn.Conv2d(k[1], k[2], 3, 1, 1)
        self.conv4 = nn.Conv2d(k[2], k[3], 3, 1, 1, groups=g)
        self.conv5 = nn.Conv2d(k[3], k[4], 3, 1, 1, groups=g)
        self.fc6 = nn.Linear(k[4] * (self.shape[1] // 32 - 1) ** 2, self.hidden)
        self.fc7 = nn.Linear(self.hidden, self.hidden)
        self.fc8 = nn.Linear(self.hidden, self.classes)

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


class Inception(nn.Module):
    def __init__(self, c, n, paper, k):
        super().__init__()
        n = [w // k for w in n]

        def convolve(c, out, kernel):
            return convolution(c, out, kernel, paper, padding=kernel // 2)

        self.one = convolve(c, n[0], 1)
        self.reduce3, self.three = convolve(c, n[1], 1), convolve(n[1], n[2], 3)
        self.reduce5, self.five = convolve(c, n[3], 1), convolve(n[3], n[4], 5 if paper else 3)
        self.project = convolve(c, n[5], 1)
        self.out = n[0] + n[2] + n[4] + n[5]

    def forward(self, x):
        pooled = F.max_pool2d(x, 3, 1, 1)
        ways = [self.one(x), self.three(self.reduce3(x)), self.five(self.reduce5(x)), self.project(pooled)]
        return torch.cat(ways, 1)


def convolution(c, out, kernel, paper, **more):
    """GoogLeNet's: with biases in the paper, batch-normalised since."""
    block = ConvBlock(c, out, kernel, not paper, bias=paper, **more)
    if not paper:
        block.bn.eps = 1e-3
    return block


class Head(nn.Module):
    def __init__(self, c, k, classes):
        super().__init__()
        self.conv = convolution(c, 128 // k, 1, False)
        self.fc1 = nn.Linear(16 * 128 // k, 1024 // k)
        self.fc2 = nn.Linear(1024 // k, classes)

    def forward(self, x):
        return self.fc2(self.fc1(self.conv(F.adaptive_avg_pool2d(x, 4)).flatten(1)).relu())


class GoogLeNet(Network):
    shape, paper, heads, k = (3, 96, 96), False, True, 8
    seed, rate, faint = 20, 0.000003, ".three.bn.scale"
    widths = {
        "3a": [64, 96, 128, 16, 32, 32],
        "3b": [128, 128, 192, 32, 96, 64],
        "4a": [192, 96, 208, 16, 48, 64],
        "4b": [160, 112, 224, 24, 64, 64],
        "4c": [128, 128, 256, 24, 64, 64],
        "4d": [112, 144, 288, 32, 64, 64],
        "4e": [256, 160, 320, 32, 128, 128],
        "5a": [256, 160, 320, 32, 128, 128],
        "5b": [384, 192, 384, 48, 128, 128],
    }

    def __init__(self):
        super().__init__()
        k = self.k
        self.conv1 = convolution(3, 64 // k, 7, self.paper, stride=2, padding=3)
        self.conv2 = convolution(64 // k, 64 // k, 1, self.paper)
        self.conv3 = convolution(64 // k, 192 // k, 3, self.paper, padding=1)
        c = 192 // k
        for name, n in self.widths.items():
            block = Inception(c, n, self.paper, k)
            self.add_module("inception" + name, block)
            c = block.out
        self.fc = nn.Linear(c, self.classes)
        if self.heads:
            self.aux1 = Head(512 // k, k, self.classes)
            self.aux2 = Head(528 // k, k, self.classes)

    def outputs(self, data):
        def pool(x, size=3):
            return F.max_pool2d(x, size, 2, ceil_mode=True)

        def normalized(x):
            return F.local_response_norm(x, 5, 1e-4, 0.75, 1.0) if self.paper else x

        x = normalized(pool(self.conv1(data["image"])))
        x = pool(normalized(self.conv3(self.conv2(x))))
        x = pool(self.inception3b(self.inception3a(x)))
        early = self.inception4a(x)
        late = self.inception4d(self.inception4c(self.inception4b(early)))
        x = pool(self.inception4e(late), 3 if self.paper else 2)
        found = {"logits": self.fc(self.inception5b(self.inception5a(x)).mean((2, 3)))}
        if self.heads:
            found |= {"logits1": self.aux1(early), "logits2": self.aux2(late)}
        return found

    def loss(self, data):
        found = self.outputs(data)
        losses = {k: F.cross_entropy(v, data["label"]) for k, v in found.items()}
        return losses["logits"] + (0.3 * (losses["logits1"] + losses["logits2"]) if self.heads else 0)


class PaperGoogLeNet(GoogLeNet):
    paper, heads, seed, rate, faint = True, False, 0, 0.002, ""


class Double(nn.Module):
    def __init__(self, c, out, padded):
        super().__init__()
        self.conv1 = nn.Conv2d(c, out, 3, padding=int(padded), bias=not padded)
        self.conv2 = nn.Conv2d(out, out, 3, padding=int(padded), bias=not padded)
        if padded:
            self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.padded = padded

    def forward(self, x):
        x = self.conv1(x)
        x = self.conv2((self.bn1(x) if self.padded else x).relu())
        return (self.bn2(x) if self.padded else x).relu()


class Up(nn.Module):
    def __init__(self, c, out, padded):
        super().__init__()
        self.up = nn.ConvTranspose2d(c, out, 2, 2)
        self.conv = Double(2 * out, out, padded)

    def forward(self, x, skip):
        x = self.up(x)
        h, w = x.shape[2:]
        top, left = (skip.shape[2] - h) // 2, (skip.shape[3] - w) // 2
        return self.conv(torch.cat([skip[:, :, top : top + h, left : left + w], x], 1))


class UNet(Network):
    padded, channels, classes, width, size, out = False, 1, 2, 4, 188, 4
    batch = 2

    def __init__(self):
        super().__init__()
        w, c = self.width, self.channels
        for i in range(1, 5):
            self.add_module(f"down{i}", Double(c, w * 2 ** (i - 1), self.padded))
            c = w * 2 ** (i - 1)
        self.bottom = Double(c, 2 * c, self.padded)
        for i in range(4, 0, -1):
            self.add_module(f"up{i}", Up(2 * c, c, self.padded))
            c //= 2
        self.classify = nn.Conv2d(w, self.classes, 1)

    def columns(self):
        return {"image": (self.channels, self.size, self.size), "mask": (self.classes, (self.out, self.out))}

    def forward(self, x):
        d1 = self.down1(x)
        d2 = self.down2(F.max_pool2d(d1, 2))
        d3 = self.down3(F.max_pool2d(d2, 2))
        d4 = self.down4(F.max_pool2d(d3, 2))
        x = self.bottom(F.max_pool2d(d4, 2))
        return self.classify(self.up1(self.up2(self.up3(self.up4(x, d4), d3), d2), d1))

    def loss(self, data):
        return F.cross_entropy(self(data["image"]), data["mask"])


class PaddedUNet(UNet):
    padded, channels, classes, size, out, batch, seed = True, 3, 2, 32, 32, 4, 20


class Rise(nn.Module):
    def __init__(self, c, skip, out):
        super().__init__()
        self.up = nn.ConvTranspose2d(c, out, 2, 2)
        self.conv1 = ConvBlock(skip + out, out, 3, True, padding=1, bias=False)
        self.conv2 = ConvBlock(out, out, 3, True, padding=1, bias=False)

    def forward(self, x, skip):
        return self.conv2(self.conv1(torch.cat([skip, self.up(x)], 1)))


class VggUNet(Network):
    shape, repeats, classes, seed, width = (3, 64, 64), [1, 1, 2, 2, 2], 2, 40, 4
    encoder = Vgg.encoder

    def __init__(self):
        super().__init__()
        widths = self.encoder(self.width, False)
        c = widths[-1]
        self.bottom = ConvBlock(c, c, 3, True, padding=1, bias=False)
        self.rise = nn.ModuleDict()
        for i, out in enumerate(reversed(widths), 1):
            self.rise[str(i)] = Rise(c, out, out)
            c = out
        self.classify = nn.Conv2d(c, self.classes, 1)

    def columns(self):
        return {"image": self.shape, "mask": (self.classes, self.shape[1:])}

    def forward(self, x):
        skips = []
        for block in self.block.values():
            for conv in block.values():
                x = conv(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for rise in self.rise.values():
            x = rise(x, skips.pop())
        return self.classify(x)

    def loss(self, data):
        return F.cross_entropy(self(data["image"]), data["mask"])


class Autoencoder(Network):
    width, code = 4, 8

    def __init__(self):
        super().__init__()
        w = self.width
        self.conv1 = nn.Conv2d(1, w, 3, 2, 1)
        self.conv2 = nn.Conv2d(w, 2 * w, 3, 2, 1)
        self.encode = nn.Linear(2 * w * 49, self.code)
        self.decode = nn.Linear(self.code, 2 * w * 49)
        self.conv3 = nn.ConvTranspose2d(2 * w, w, 4, 2, 1)
        self.conv4 = nn.ConvTranspose2d(w, 1, 4, 2, 1)

    def columns(self):
        return {"image": (1, 28, 28)}

    def outputs(self, data):
        code = self.encode(self.conv2(self.conv1(data["image"]).relu()).relu().flatten(1))
        x = self.conv3(self.decode(code).relu().unflatten(1, (2 * self.width, 7, 7))).relu()
        return {"features": code, "clean": self.conv4(x).sigmoid()}

    def loss(self, data):
        return F.binary_cross_entropy(self.outputs(data)["clean"], data["image"])


class Localizer(Network):
    shape, width, hidden = (3, 64, 64), 4, 24

    def __init__(self):
        super().__init__()
        widths = [3] + [self.width * m for m in (1, 2, 4, 8, 8)]
        blocks = [ConvBlock(c, out, 3, True, padding=1, bias=False) for c, out in zip(widths, widths[1:])]
        self.block = nn.ModuleList(blocks)
        self.body = nn.Linear(widths[-1] * (self.shape[1] // 32) ** 2, self.hidden)
        self.classify = nn.Linear(self.hidden, self.classes)
        self.locate = nn.Linear(self.hidden, 4)

    def columns(self):
        return {"image": self.shape, "label": (self.classes, ()), "box": (4,)}

    def outputs(self, data):
        x = data["image"]
        for block in self.block:
            x = F.max_pool2d(block(x), 2)
        x = self.body(x.flatten(1)).relu()
        return {"logits": self.classify(x), "place": self.locate(x).sigmoid()}

    def loss(self, data):
        found = self.outputs(data)
        return F.cross_entropy(found["logits"], data["label"]) + 4 * F.huber_loss(found["place"], data["box"], delta=0.1)


class Fire(nn.Module):
    def __init__(self, c, few, many):
        super().__init__()
        self.squeeze = nn.Conv2d(c, few, 1)
        self.expand1 = nn.Conv2d(few, many, 1)
        self.expand3 = nn.Conv2d(few, many, 3, padding=1)

    def forward(self, x):
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1(x).relu(), self.expand3(x).relu()], 1)


class SqueezeNet(Network):
    shape, k = (3, 64, 64), 8

    def __init__(self):
        super().__init__()
        c = 64 // self.k
        self.conv1 = nn.Conv2d(3, c, 3, 2)
        for i, (few, many) in enumerate(2 * [(16, 64)] + 2 * [(32, 128)] + 2 * [(48, 192)] + 2 * [(64, 256)], 2):
            self.add_module(f"fire{i}", Fire(c, few // self.k, many // self.k))
            c = 2 * many // self.k
        self.conv10 = nn.Conv2d(c, self.classes, 1)

    def forward(self, x):
        def pool(x):
            return F.max_pool2d(x, 3, 2, ceil_mode=True)

        x = pool(self.conv1(x).relu())
        x = pool(self.fire3(self.fire2(x)))
        x = pool(self.fire5(self.fire4(x)))
        x = self.fire9(self.fire8(self.fire7(self.fire6(x))))
        return self.conv10(x).relu().mean((2, 3))


class InvertedResidual(nn.Module):
    def __init__(self, c, out, stride, t):
        super().__init__()
        self.expand = ConvBlock(c, t * c, 1, True, bias=False) if t > 1 else nn.Identity()
        self.depthwise = ConvBlock(t * c, t * c, 3, True, stride=stride, padding=1, groups=t * c, bias=False)
        self.project = ConvBlock(t * c, out, 1, True, bias=False)
        self.project.ends = nn.Identity()
        for block in (self.expand, self.depthwise):
            block.ends = nn.ReLU6()
        self.around = stride == 1 and c == out

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.around else y


class MobileNetV2(Network):
    shape, seed, rate, faint, stem_width, last = (3, 64, 64), 480, 1e-7, "project.bn.scale", 8, 40
    rows = [(1, 8, 1, 1), (6, 8, 2, 2), (6, 8, 3, 2), (6, 16, 4, 2), (6, 24, 3, 1), (6, 40, 3, 2), (6, 80, 1, 1)]

    def __init__(self):
        super().__init__()
        c, self.block = self.stem_width, nn.ModuleDict()
        self.stem = ConvBlock(3, c, 3, True, stride=2, padding=1, bias=False)
        for r, (t, out, n, s) in enumerate(self.rows):
            row = self.block[str(r)] = nn.ModuleDict()
            for i in range(1, n + 1):
                row[str(i)] = InvertedResidual(c, out, s if i == 1 else 1, t)
                c = out
        self.head = ConvBlock(c, self.last, 1, True, bias=False)
        self.stem.ends = self.head.ends = nn.ReLU6()
        self.fc = nn.Linear(self.last, self.classes)

    def forward(self, x):
        x = self.stem(x)
        for row in self.block.values():
            for block in row.values():
                x = block(x)
        return self.fc(self.head(x).mean((2, 3)))


class DenseBlock(nn.Module):
    def __init__(self, c, n, growth):
        super().__init__()
        self.bn1, self.conv1, self.bn2, self.conv2 = (nn.ModuleDict() for _ in range(4))
        for i in map(str, range(1, n + 1)):
            self.bn1[i] = nn.BatchNorm2d(c)
            self.conv1[i] = nn.Conv2d(c, 4 * growth, 1, bias=False)
            self.bn2[i] = nn.BatchNorm2d(4 * growth)
            self.conv2[i] = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
            c += growth
        self.out = c

    def forward(self, x):
        for i in self.bn1:
            new = self.conv1[i](self.bn1[i](x).relu())
            x = torch.cat([x, self.conv2[i](self.bn2[i](new).relu())], 1)
        return x


class Transition(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = nn.BatchNorm2d(c)
        self.conv = nn.Conv2d(c, c // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(self.norm(x).relu()), 2)


class DenseNet(Network):
    shape, growth, repeats, seed, rate = (3, 64, 64), 4, [6, 12, 24, 16], 60, 3e-6

    def __init__(self):
        super().__init__()
        c = 2 * self.growth
        self.conv0 = nn.Conv2d(3, c, 7, 2, 3, bias=False)
        self.norm0 = nn.BatchNorm2d(c)
        for i, n in enumerate(self.repeats, 1):
            block = DenseBlock(c, n, self.growth)
            self.add_module(f"block{i}", block)
            c = block.out
            if i < 4:
                self.add_module(f"transition{i}", Transition(c))
                c //= 2
        self.norm5 = nn.BatchNorm2d(c)
        self.fc = nn.Linear(c, self.classes)

    def forward(self, x):
        x = F.max_pool2d(self.norm0(self.conv0(x)).relu(), 3, 2, 1)
        x = self.transition1(self.block1(x))
        x = self.transition2(self.block2(x))
        x = self.transition3(self.block3(x))
        return self.fc(self.norm5(self.block4(x)).relu().mean((2, 3)))


def full(kind, **settings):
    """The network at full size, for inference alone, with weights so large that what goes in at the front comes out at the
    end: without normalisation a signal keeps its size where weights have the deviation sqrt(2 / fan in)."""
    settings = {"optimizers": (), "batch": 1, "classes": 1000, "seed": 0, "gain": 24**0.5} | settings
    return type(kind.__name__, (kind,), settings)


PHOTO = (3, 224, 224)
TABLE_2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]

FULL = {
    "lenet": full(LeNet5, classes=10),
    "resnet18": full(ResNet, shape=PHOTO, width=64),
    "resnet50": full(ResNet50, shape=PHOTO, width=64),
    "resnet_cifar": full(CifarResNet, shape=(3, 32, 32), width=16, classes=10),
    "vgg16": full(Vgg, shape=PHOTO, width=64, hidden=4096),
    "alexnet": full(AlexNet, shape=(3, 227, 227), k=[96, 256, 384, 384, 256], hidden=4096),
    "alexnet_one_tower": full(OneTower, shape=PHOTO, k=[64, 192, 384, 256, 256], hidden=4096),
    "googlenet": full(GoogLeNet, shape=PHOTO, k=1),
    "googlenet_paper": full(PaperGoogLeNet, shape=PHOTO, k=1),
    "unet": full(UNet, width=64, size=572, out=388, classes=2),
    "unet_padded": full(PaddedUNet, width=64, size=512, out=512, classes=2),
    "unet_vgg": full(VggUNet, shape=PHOTO, repeats=[2, 2, 3, 3, 3], width=64, classes=2),
    "autoencoder": full(Autoencoder, width=16, code=32),
    "localizer": full(Localizer, shape=(3, 128, 128), width=32, hidden=256, classes=10),
    "squeezenet": full(SqueezeNet, shape=PHOTO, k=1),
    "mobilenetv2": full(MobileNetV2, shape=PHOTO, rows=TABLE_2, stem_width=32, last=1280),
    "densenet": full(DenseNet, shape=PHOTO, growth=32),
}

NETWORKS = {
    "softmax_regression": SoftmaxRegression,
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
    "googlenet": GoogLeNet,
    "googlenet_paper": PaperGoogLeNet,
    "unet": UNet,
    "unet_padded": PaddedUNet,
    "unet_vgg": VggUNet,
    "autoencoder": Autoencoder,
    "localizer": Localizer,
    "squeezenet": SqueezeNet,
    "mobilenetv2": MobileNetV2,
    "densenet": DenseNet,
} | {name + "_full": network for name, network in FULL.items()}
