package modelc.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.Kind;
import modelc.runtime.ModelcException;
import modelc.runtime.UsageException;
import modelc.runtime.Variable;
import modelc.runtime.weights.WeightFile.Stored;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of a file's names are which of a model's: customs, rules, and what is said of the rest. */
class MatchingTest {

  /** Parameters {@code name:sizes}, sizes with commas; states where the name begins with +. */
  private static List<Variable> ours(String... specs) {
    var variables = new ArrayList<Variable>();
    for (String spec : specs) {
      boolean state = spec.startsWith("+");
      String name = name(spec).substring(state ? 1 : 0);
      variables.add(
          new Variable(name, state ? Kind.STATE : Kind.PARAMETER, ElementType.F32, shape(spec)));
    }
    return variables;
  }

  private static List<Stored> theirs(String... specs) {
    var tensors = new ArrayList<Stored>();
    for (String spec : specs) {
      tensors.add(new Stored(name(spec), "float32", ElementType.F32, shape(spec)));
    }
    return tensors;
  }

  private static String name(String spec) {
    return spec.indexOf(':') < 0 ? spec : spec.substring(0, spec.indexOf(':'));
  }

  private static List<Long> shape(String spec) {
    return spec.indexOf(':') < 0
        ? List.of()
        : List.of(spec.substring(spec.indexOf(':') + 1).split(",")).stream()
            .map(Long::valueOf)
            .toList();
  }

  private static SequencedMap<String, String> pairs(Matching matching) {
    var pairs = new TreeMap<String, String>();
    matching.pairs().forEach(p -> pairs.put(p.ours().name(), p.theirs().name()));
    return pairs;
  }

  private static Matching match(List<Variable> ours, List<Stored> theirs, String... rules) {
    return Matching.of(ours, theirs, Renaming.of(List.of(rules)));
  }

  @Test
  void theCustomsOfPyTorchNeedNoRule() {
    Matching m =
        match(
            ours(
                "fc.w",
                "fc.b",
                "stage[0].conv1.w",
                "stage[0].bn.scale",
                "stage[0].bn.shift",
                "+stage[0].bn.mu",
                "+stage[0].bn.var",
                "stage[1].conv1.w"),
            theirs(
                "stage.0.conv1.weight",
                "stage.0.bn.weight",
                "stage.0.bn.bias",
                "stage.0.bn.running_mean",
                "stage.0.bn.running_var",
                "stage.0.bn.num_batches_tracked",
                "stage.1.conv1.weight",
                "fc.weight",
                "fc.bias"));
    assertThat(m.isComplete()).isTrue();
    assertThat(m.ignored()).hasSize(1);
    assertThat(pairs(m))
        .containsEntry("fc.w", "fc.weight")
        .containsEntry("fc.b", "fc.bias")
        .containsEntry("stage[0].conv1.w", "stage.0.conv1.weight")
        .containsEntry("stage[0].bn.scale", "stage.0.bn.weight")
        .containsEntry("stage[0].bn.shift", "stage.0.bn.bias")
        .containsEntry("stage[0].bn.mu", "stage.0.bn.running_mean")
        .containsEntry("stage[0].bn.var", "stage.0.bn.running_var")
        .containsEntry("stage[1].conv1.w", "stage.1.conv1.weight")
        .hasSize(8);
  }

  @Test
  void theChildrenOfASequentialAreOursInOrder() {
    List<Variable> ours =
        ours("layer1.block[0].down.conv.w", "layer1.block[0].down.bn.scale", "layer1.block[1].w");
    Matching m =
        match(ours, theirs("layer1.1.weight", "layer1.0.down.1.weight", "layer1.0.down.0.weight"));
    assertThat(pairs(m))
        .containsEntry("layer1.block[0].down.conv.w", "layer1.0.down.0.weight")
        .containsEntry("layer1.block[0].down.bn.scale", "layer1.0.down.1.weight")
        .containsEntry("layer1.block[1].w", "layer1.1.weight");
  }

  /** Counted from 1 here and from 0 there, and past 9: by order, not by digits. */
  @Test
  void numbersNeedNotAgree() {
    var mine = new ArrayList<String>();
    var others = new ArrayList<String>();
    for (int i = 0; i < 12; i++) {
      mine.add("layer[" + (i + 1) + "].w");
      others.add("layer." + i + ".weight");
    }
    others.sort(null); // as safetensors keeps them: 0, 1, 10, 11, 2
    Matching m = match(ours(mine.toArray(String[]::new)), theirs(others.toArray(String[]::new)));
    assertThat(pairs(m)).hasSize(12).containsEntry("layer[11].w", "layer.10.weight");
    assertThat(pairs(m)).containsEntry("layer[3].w", "layer.2.weight");
  }

  @Test
  void fewerOrMoreChildrenAreNotGuessedAt() {
    Matching m = match(ours("f.a.w", "f.b.w"), theirs("f.0.weight", "f.1.weight", "f.2.weight"));
    assertThat(m.pairs()).isEmpty();
    assertThat(m.missing()).hasSize(2);
    assertThat(m.unused()).hasSize(3);
  }

  @Test
  void aModulesOwnNamesComeFirst() {
    Matching m = match(ours("a.w", "a.weight"), theirs("a.weight", "a.w"));
    assertThat(pairs(m)).containsEntry("a.w", "a.w").containsEntry("a.weight", "a.weight");
  }

  @Test
  void whatWrapsAModuleComesOff() {
    Matching m = match(ours("fc.w"), theirs("_orig_mod.module.fc.weight"));
    assertThat(pairs(m)).containsEntry("fc.w", "_orig_mod.module.fc.weight");
    assertThat(match(ours("module.w"), theirs("module.weight")).isComplete()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "classifier=fc, classifier.weight, fc.w",
    "classifier.weight=fc.w, classifier.weight, fc.w",
    "enc.*.lin=encode.*, enc.a.lin.weight, encode.a.w",
    "enc.*.lin=encode[*], enc.3.lin.bias, encode[3].b",
    "**.down.0=**.proj, a.b.down.0.weight, a.b.proj.w",
    "*.*=$2.$1, a.b.weight, b.a.w",
    "layer.#=layer, layer.12.weight, layer.w",
    "~c(\\d+)=conv.$1, c12.weight, conv.12.w",
    "~(a|b)\\.x=$1, b.x.weight, b.w",
  })
  void rulesRenameALeadingPart(String rule, String theirs, String ours) {
    assertThat(pairs(match(ours(ours), theirs(theirs), rule))).containsEntry(ours, theirs);
  }

  @Test
  void aRuleFitsWholeSegments() {
    assertThat(match(ours("head.w"), theirs("fc1.weight"), "fc=head").pairs()).isEmpty();
    assertThat(match(ours("head1.w"), theirs("fc1.weight"), "fc=head").pairs()).isEmpty();
  }

  @Test
  void theFirstRuleThatFitsIsUsed() {
    Matching m = match(ours("a.w", "b.w"), theirs("x.1.weight", "x.2.weight"), "x.1=a", "x.*=b");
    assertThat(pairs(m)).containsEntry("a.w", "x.1.weight").containsEntry("b.w", "x.2.weight");
  }

  @Test
  void aRuleWithoutOursLeavesOut() {
    Matching m = match(ours("fc.w"), theirs("fc.weight", "aux1.fc.weight"), "aux*=");
    assertThat(m.isComplete()).isTrue();
    assertThat(m.ignored()).hasSize(1);
  }

  @Test
  void numbersArePairedInOrder() {
    List<Variable> ours = ours("block[1][1].conv.w", "block[1][2].conv.w", "fc6.w", "fc7.w");
    List<Stored> theirs =
        theirs(
            "classifier.0.weight",
            "classifier.3.weight",
            "features.10.weight",
            "features.2.weight");
    Matching m = match(ours, theirs, "features.#=block[#][#].*", "classifier.#=fc#");
    assertThat(pairs(m))
        .containsEntry("block[1][1].conv.w", "features.2.weight")
        .containsEntry("block[1][2].conv.w", "features.10.weight")
        .containsEntry("fc6.w", "classifier.0.weight")
        .containsEntry("fc7.w", "classifier.3.weight");
    // A rule that finds nothing on one side is no rule for this model.
    assertThat(match(ours, theirs, "features.#=conv#").pairs()).isEmpty();
  }

  @Test
  void listsOfDifferentLengthsAreRefused() {
    assertThatThrownBy(() -> match(ours("c1.w"), theirs("f.0.weight", "f.2.weight"), "f.#=c#"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("pair 2 parts of the file with 1 of the model: f.0, f.2; c1")
        .extracting(e -> ((ModelcException) e).code())
        .isEqualTo("R0204");
  }

  @Test
  void anExpressionThatTriesTooManyWaysIsRefused() {
    assertThatThrownBy(() -> match(ours("c"), theirs("a".repeat(40)), "~.*.*.*.*.*.*b=c"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(
            "`~.*.*.*.*.*.*b=c` is no rule for names: its regular expression tries too many");
  }

  @ParameterizedTest
  @CsvSource({
    "fc, no `=`",
    "=fc, no `=`",
    "a.*=b.*.*, 'asks for text 2, theirs gives 1'",
    "a=b.$1, 'asks for text 1, theirs gives 0'",
    "~(=b, regular expression",
    "a=b#, one side only",
  })
  void whatIsNoRuleIsRefused(String rule, String why) {
    assertThatThrownBy(() -> Renaming.of(List.of(rule)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(why)
        .extracting(e -> ((ModelcException) e).code())
        .isEqualTo("R0203");
  }

  @Test
  void linesOfAFileMayHaveComments() {
    Renaming r = Renaming.ofLines(List.of("// all", "", "fc = head // the last", "  a=b"));
    assertThat(pairs(Matching.of(ours("head.w"), theirs("fc.weight"), r))).hasSize(1);
  }

  @Test
  void twoForOneAreRefused() {
    assertThatThrownBy(() -> match(ours("fc.w"), theirs("a.weight", "b.weight"), "a=fc", "b=fc"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("b.weight and a.weight would both be fc.weight");
  }

  @Test
  void whatDoesNotFitIsToldWithWhatWould() {
    Matching m =
        match(
            ours("fc.w:10,512", "fc.b:10", "stem.w:3,3", "+bn.mu:3"),
            theirs("fc.weight:1000,512", "fc.bias:10", "conv0.weight:3,3", "conv1.weight:5"));
    assertThat(m.isComplete()).isFalse();
    assertThat(m.fitting()).hasSize(1);
    assertThatThrownBy(() -> m.check(false, Path.of("x.pt"), "Net"))
        .isInstanceOf(DataException.class)
        .hasMessage(
            """
            x.pt does not have the weights of Net: 1 of 4 fit
              fc.w: f32[10,512] has another shape or type in the file: fc.weight: float32[1000,512]
              stem.w: f32[3,3] is not in the file; conv0.weight would fit
              bn.mu: f32[3] is not in the file
              conv0.weight: float32[3,3] is in the file only
              conv1.weight: float32[5] is in the file only\
            """
                .stripIndent());
    m.check(true, Path.of("x.pt"), "Net"); // in part it does
    assertThat(m.summary())
        .isEqualTo(
            "1 tensors fit, 1 have another shape, 2 of the model are not in the file, 2 of the"
                + " file are not in the model");
    Matching none = match(ours("a.w"), theirs("b.weight"));
    assertThatThrownBy(() -> none.check(true, Path.of("x.pt"), "Net"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("0 of 1 fit");
  }

  @Test
  void namesForPyTorchFollowItsCustoms() {
    assertThat(Names.torch("layer1[0].bn1.scale")).isEqualTo("layer1.0.bn1.weight");
    assertThat(Names.torch("layer1[0].bn1.mu")).isEqualTo("layer1.0.bn1.running_mean");
    assertThat(Names.torch("fc.b")).isEqualTo("fc.bias");
    assertThat(Names.torch("w")).isEqualTo("weight");
    assertThat(Names.torch("block[1][2].theta")).isEqualTo("block.1.2.theta");
  }
}
