package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The text of PTX: directives, variables, scopes, memory spaces, and what is refused. */
class SyntaxTest {
  private static PtxFault bad(String text) {
    return catchThrowableOfType(PtxFault.class, () -> PtxModule.parse(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frob.u32 r, r;| frob.u32 r, r; is no instruction that is emulated",
        "add.u32 r, r, x;| uses x, which is not declared",
        "add.u64 r, r, r;| uses .b32 register r where it needs 64 bits",
        "add.frob.u32 r, r, r;| has modifier .frob, which is not emulated",
        "add.u32 r, r;| has 2 operands",
        "add.u32 5, r, r;| cannot write to 5",
        "bra nowhere;| needs a label",
        "@r bra nowhere;| needs a label",
        "ld.global.u32 r, r;| needs an address, not r",
        "ld.global.v2.u32 r, [d];| has 1 values for 2 elements",
        "shfl.bfly.b32 r, r, 1, 31;| needs .sync",
        "div.f32 f, f, f;| needs .approx, .full or a rounding",
        "cvt.f16.f32 h, f;| needs a rounding",
        "cvt.s32.f32 r, f;| needs a rounding to integers",
        "add.f32 f, f, 1;| needs a floating-point constant, not 1",
        "setp.lt.b32 p, r, r;| cannot compare .b32 so",
        "mbarrier.init.shared.b64 [d], 1;| clusters, mbarrier and TMA are not yet",
        "wgmma.fence.sync.aligned;| needs .target sm_90a",
        "cp.async.bulk.commit_group;| clusters, mbarrier and TMA are not yet",
        "cp.async.cg.shared.global [d], [d], 8;| copies 16 bytes, or with .ca 4 or 8",
        "rsqrt.rn.f32 f, f;| is no form of rsqrt that PTX has",
        "call foo, (r);| there is no function foo with a body",
      })
  void wrongInstructionsAreRefused(String instruction, String message) {
    String declared = ".reg .b32 r;\n.reg .f32 f;\n.reg .b64 d;\n.reg .b16 h;\n.reg .pred p;\n";
    PtxFault f = Ptx.invalid(declared + instruction);
    assertThat(f).isNotNull();
    assertThat(f.kind()).isEqualTo(Kind.INVALID_INSTRUCTION);
    assertThat(f.line()).isEqualTo(11);
    assertThat(f).hasMessageContaining("PTX line 11").hasMessageContaining(message);
  }

  @Test
  void wrongTextIsRefused() {
    assertThat(bad("")).hasMessage("PTX line 1: expected .version, found the end");
    assertThat(bad(".version 8.0\n.target sm_80\n.address_size 32"))
        .hasMessage("PTX line 3: only 64-bit addresses are supported");
    assertThat(bad(Ptx.module(".visible .entry k() {\n")))
        .hasMessageContaining("expected '}', found the end");
    assertThat(bad(Ptx.kernel("", "add.u32 #;")))
        .hasMessage("PTX line 6: unexpected character '#'");
    assertThat(bad(Ptx.kernel("", "/* open"))).hasMessageContaining("comment without end");
    assertThat(bad(Ptx.kernel("", ".reg .f8 x;")))
        .hasMessage("PTX line 6: .f8 is no supported type");
    assertThat(bad(Ptx.module(".global .texref t;")))
        .hasMessageContaining(".texref is no supported type");
  }

  @Test
  void recursionIsRefused() {
    String text =
        Ptx.module(
            """
            .func f()
            {
                call f;
                ret;
            }
            .visible .entry k()
            {
                call f;
                ret;
            }
            """);
    assertThat(bad(text)).hasMessageContaining("recursion is not supported");
  }

  @Test
  void spacesScopesAndVariables() {
    String text =
        Ptx.module(
            """
            // A comment, and /* one within. */
            .global .align 4 .f32 scale = 0f40000000; /* two
            lines */
            .visible .global .align 4 .b32 table[4] = {10, 20, 0x1E, -1};
            .const .align 4 .f32 half[2] = {0f3F000000, 0f3E800000};
            .section .debug_abbrev
            {
            .b8 1
            .b8 0
            }
            .visible .entry k(
                .param .u64 .ptr .align 4 out,
                .param .align 8 .b8 pair[16],
                .param .f32 x,
                .param .b8 small
            )
            {
                .local .align 8 .b8 __local_depot0[16];
                .reg .b64 %SP, %SPL;
                .reg .b64 %rd<8>;
                .reg .f32 %f<8>;
                .reg .b32 %r<8>;
                .reg .b16 %rs<2>;
                mov.b64 %SPL, __local_depot0;
                cvta.local.u64 %SP, %SPL;
                ld.param.u64 %rd1, [out];
                ld.param.u32 %r1, [pair+8];
                ld.param.f32 %f1, [x];
                ld.param.s8 %r6, [small];
                st.f32 [%SP+8], %f1;
                ld.local.f32 %f2, [%SPL+8];
                ld.global.f32 %f3, [scale];
                mul.f32 %f2, %f2, %f3;
                ld.const.f32 %f3, [half+4];
                mul.f32 %f2, %f2, %f3;
                st.global.f32 [%rd1], %f2;
                mov.u64 %rd2, table;
                cvta.global.u64 %rd2, %rd2;
                ld.v2.u32 {%r2, %r3}, [%rd2+8];
                add.u32 %r2, %r2, %r3;
                { // inner names
                    .reg .b32 %r2;
                    .reg .pred p;
                    mov.u32 %r2, 5;
                    setp.eq.u32 p, %r1, 77;
                    @p bra inner;
                    mov.u32 %r2, 6;
                inner:
                    add.u32 %r3, %r2, %r1;
                }
                st.global.v4.b32 [%rd1+16], {%r1, %r2, %r3, %r6};
                mov.b64 %rd3, pair;
                cvta.param.u64 %rd3, %rd3;
                ld.u64 %rd4, [%rd3];
                st.global.u64 [%rd1+8], %rd4;
                ret;
            }
            """);
    PtxModule module = Ptx.parse(text);
    assertThat(module.target()).isEqualTo("sm_90");
    PtxKernel k = module.kernel("k");
    assertThat(k.parameters()).containsExactly("out", "pair", "x", "small");
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 32);
    byte[] pair = {1, 2, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0};
    out.fill((byte) 0);
    new Emulator(memory).launch(k, Dim3.of(1), Dim3.of(1), 0, out, pair, 3f, (byte) -3);
    assertThat(out.toInts())
        .containsExactly(Float.floatToIntBits(1.5f), 0, 0x201, 0, 77, 29, 82, -3);
    // Variables keep what is written to them.
    module.variable("scale").write(4f);
    new Emulator(memory).launch(k, Dim3.of(1), Dim3.of(1), 0, out, pair, 3f, (byte) 0);
    assertThat(out.toFloats()[0]).isEqualTo(3f);
  }

  @Test
  void genericAddressesKnowTheirSpace() {
    String text =
        Ptx.kernel(
            ".param .u64 out",
            """
            .shared .align 4 .b8 tile[4];
            .reg .pred %p, %q, %l;
            .reg .b64 %o, %s;
            .reg .b32 %r;
            ld.param.u64 %o, [out];
            mov.u64 %s, tile;
            cvta.shared.u64 %s, %s;
            isspacep.shared %p, %s;
            isspacep.global %q, %o;
            isspacep.local %l, %o;
            selp.u32 %r, 1, 0, %p;
            @%q add.u32 %r, %r, 2;
            @%l add.u32 %r, %r, 4;
            st.u32 [%s], %r;
            cvta.to.shared.u64 %s, %s;
            ld.shared.u32 %r, [%s];
            st.u32 [%o], %r;
            """);
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 4);
    Ptx.run(text, memory, 1, out);
    assertThat(out.toInts()).containsExactly(3);
  }

  @Test
  void narrowLoadsAreExtended() {
    String text =
        Ptx.kernel(
            ".param .u64 out",
            """
            .reg .b64 %o;
            .reg .b32 %r<5>;
            .reg .b16 %h;
            ld.param.u64 %o, [out];
            ld.global.s8 %r1, [%o];
            ld.global.u8 %r2, [%o];
            ld.global.s16 %r3, [%o];
            ld.global.b8 %h, [%o+1];
            cvt.u32.u16 %r4, %h;
            st.global.v4.b32 [%o], {%r1, %r2, %r3, %r4};
            st.global.b8 [%o+16], %r1;
            """);
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.of("out", 0x80fe, 0, 0, 0, 0);
    Ptx.run(text, memory, 1, out);
    assertThat(out.toInts()).containsExactly(-2, 0xfe, 0xffff80fe, 0x80, 0xfe);
  }

  @Test
  void localMemoryIsUndefinedAndBounded() {
    String text =
        Ptx.kernel(
            "",
            """
            .local .align 4 .b8 depot[8];
            .reg .b64 %o;
            .reg .b32 %r;
            mov.u64 %o, depot;
            st.local.u32 [%o], 1;
            ld.local.u32 %r, [%o+AT];
            """);
    var memory = new DeviceMemory();
    Ptx.run(text.replace("AT", "0"), memory, 3);
    assertThat(Ptx.fault(text.replace("AT", "4"), memory, 3).kind())
        .isEqualTo(Kind.UNINITIALISED_READ);
    assertThat(Ptx.fault(text.replace("AT", "8"), memory, 3).kind()).isEqualTo(Kind.OUT_OF_BOUNDS);
  }

  @Test
  void constantMemoryIsNotWritten() {
    String text =
        Ptx.module(
            """
            .const .align 4 .b32 c[1] = {1};
            .visible .entry k()
            {
                .reg .b64 %a;
                mov.u64 %a, c;
                cvta.const.u64 %a, %a;
                st.u32 [%a], 2;
                ret;
            }
            """);
    assertThat(Ptx.fault(text, new DeviceMemory(), 1)).hasMessageContaining("read-only");
  }
}
