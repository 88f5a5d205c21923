package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.DType;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Target;

/**
 * Lowers a batch of matrix products. Rows are read as they are; columns are packed where that pays.
 */
final class MatmulKernels {
  /** With at most this many rows, packing contiguous columns costs more than it saves. */
  private static final long FEW_ROWS = 128;

  private MatmulKernels() {}

  static Lowered lower(String name, Matmul product, Epilogue epilogue, Target target) {
    Columns columns = Columns.of(product.n(), product.m().factor(), target);
    if (columns.isEmpty()) {
      return new Lowered(List.of(), List.of());
    }
    var kernels = new ArrayList<Kernel>();
    var scratch = new ArrayList<Buffer>();
    Operand y = product.y();
    ColumnOperand operand =
        new ColumnOperand.InPlace(
            y.buffer(), size(y.batchStride()), size(y.rowStride()), size(y.colStride()));
    if (packs(product)) {
      Buffer panels =
          Buffer.global(
              name + "_panels", DType.F32, Packing.elements(product.batch(), columns, product.k()));
      var packing =
          new Packing(
              y.buffer(),
              panels,
              product.batch(),
              columns,
              index(0),
              size(y.batchStride()),
              size(y.colStride()),
              List.of(new Axis(size(product.k()), size(y.rowStride()), index(1))),
              product.k(),
              0);
      scratch.add(panels);
      kernels.add(packing.kernel(name + "_pack"));
      operand = packing.packed();
    }
    kernels.add(multiply(name, product, columns, operand, epilogue, target));
    return new Lowered(kernels, scratch);
  }

  /** Symbolic columns cannot be padded at compile time, so they are never packed. */
  private static boolean packs(Matmul product) {
    boolean adjacent = product.y().colStride().isOne();
    return product.n().isConstant() && (!adjacent || product.m().max() > FEW_ROWS);
  }

  private static Kernel multiply(
      String name,
      Matmul product,
      Columns columns,
      ColumnOperand y,
      Epilogue epilogue,
      Target target) {
    Operand x = product.x();
    var rows =
        new Rows(
            product.m(),
            x.buffer(),
            Rows.ALL,
            size(x.rowStride()),
            (b, batch, row) ->
                add(mul(batch, size(x.batchStride())), mul(row, size(x.rowStride()))));
    var section =
        new Section(
            rows,
            columns,
            y,
            List.of(new Axis(size(product.k()), size(x.colStride()), index(1))),
            index(0),
            (b, batch, row) -> List.of(batch, row),
            (batch, column) -> column,
            epilogue);
    long rowBytes = product.k().max() * DType.F32.bytes();
    long columnBytes = product.n().max() * product.k().max() * DType.F32.bytes();
    Blocking blocking =
        Blocking.choose(product.batch(), product.m(), columns, rowBytes, columnBytes, target);
    var b = new LoopBuilder();
    blocking.parallel(
        b,
        product.batch(),
        product.m(),
        columns,
        (in, batch, block, first, end) ->
            section.emit(in, batch, block, blocking.rowsPerBlock(), first, end));
    return Kernels.of(name, b, Kernels.with(epilogue, x.buffer(), y.buffer()));
  }
}
