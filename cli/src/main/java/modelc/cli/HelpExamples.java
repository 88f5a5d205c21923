package modelc.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;

/** What each command's {@code --help} ends with: commands to copy. A test parses all of them. */
final class HelpExamples {
  private static final Map<String, String> BY_COMMAND = new LinkedHashMap<>();

  static {
    BY_COMMAND.put(
        "new",
        """
        modelc new Digits                      writes digits.model
        """);
    BY_COMMAND.put(
        "check",
        """
        modelc check net.model
        modelc check net.model --set classes=100 data=mnist:mnist
        """);
    BY_COMMAND.put(
        "fmt",
        """
        modelc fmt net.model                   lays it out anew
        modelc fmt --check a.model b.model     for a build: 1 if one would change
        modelc fmt -                           for an editor
        """);
    BY_COMMAND.put(
        "summary",
        """
        modelc summary net.model
        modelc summary net.model --set depth=50 --json
        """);
    BY_COMMAND.put(
        "ir",
        """
        modelc ir net.model --entry infer
        modelc ir net.model --stage fused --entry train
        """);
    BY_COMMAND.put(
        "train",
        """
        modelc train net.model
        modelc train net.model epochs=3 batch=32 data=mnist:mnist
        modelc train net.model --init resnet50.pt --partial
        modelc train net.model --out runs/a --resume
        """);
    BY_COMMAND.put(
        "eval",
        """
        modelc eval net.model --weights runs/net/weights.safetensors
        """);
    BY_COMMAND.put(
        "predict",
        """
        modelc predict net.model --weights w.safetensors --input x.npy --output y.npy
        """);
    BY_COMMAND.put(
        "export",
        """
        modelc export net.model --weights w.safetensors
        modelc export net.model --weights w.safetensors --names torch -o torch.safetensors
        """);
    BY_COMMAND.put(
        "compile",
        """
        modelc compile net.model -o net.so
        modelc compile net.model -o net.so --entry infer --batch 1 --cpu x86-64-v3
        """);
    BY_COMMAND.put(
        "bundle",
        """
        modelc bundle net.model -o bundle      then, elsewhere: bundle/net train --device cuda
        """);
    BY_COMMAND.put(
        "doctor",
        """
        modelc doctor
        """);
    BY_COMMAND.put(
        "completion",
        """
        source <(modelc completion bash)       in ~/.bashrc, or zsh in ~/.zshrc
        modelc completion fish | source        in ~/.config/fish/config.fish
        """);
  }

  private HelpExamples() {}

  /** Adds them to the commands' help. */
  static void addTo(CommandLine main) {
    main.getSubcommands()
        .forEach(
            (name, command) -> {
              String examples = BY_COMMAND.get(name);
              if (examples != null) {
                command
                    .getCommandSpec()
                    .usageMessage()
                    .footer(("\nExamples:\n" + examples.indent(2)).stripTrailing().split("\n"));
              }
            });
  }

  /** The examples of a command; empty if it has none. */
  static String of(String command) {
    return BY_COMMAND.getOrDefault(command, "");
  }
}
