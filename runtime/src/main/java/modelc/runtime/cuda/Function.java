package modelc.runtime.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;

/**
 * The functions of the driver API that are called, as {@code cuda.h} of CUDA 11.8 to 13.2 declares
 * them: where it maps a name to a later version of the function, that one. All return a CUresult.
 */
enum Function {
  INIT("cuInit", "i"),
  DRIVER_GET_VERSION("cuDriverGetVersion", "w"),
  GET_ERROR_NAME("cuGetErrorName", "iw"),
  GET_ERROR_STRING("cuGetErrorString", "iw"),
  DEVICE_GET_COUNT("cuDeviceGetCount", "w"),
  DEVICE_GET("cuDeviceGet", "wi"),
  DEVICE_GET_NAME("cuDeviceGetName", "wii"),
  DEVICE_GET_ATTRIBUTE("cuDeviceGetAttribute", "wii"),
  PRIMARY_CTX_RETAIN("cuDevicePrimaryCtxRetain", "wi"),
  PRIMARY_CTX_RELEASE("cuDevicePrimaryCtxRelease_v2", "i"),
  CTX_SET_CURRENT("cuCtxSetCurrent", "w"),
  MEM_GET_INFO("cuMemGetInfo_v2", "ww"),
  MEM_ALLOC("cuMemAlloc_v2", "ww"),
  MEM_FREE("cuMemFree_v2", "w"),
  MEM_HOST_ALLOC("cuMemHostAlloc", "wwi"),
  MEM_FREE_HOST("cuMemFreeHost", "w"),
  MEMCPY_HTOD_ASYNC("cuMemcpyHtoDAsync_v2", "wwww"),
  MEMCPY_DTOH_ASYNC("cuMemcpyDtoHAsync_v2", "wwww"),
  MEMCPY_DTOD_ASYNC("cuMemcpyDtoDAsync_v2", "wwww"),
  STREAM_CREATE("cuStreamCreate", "wi"),
  STREAM_SYNCHRONIZE("cuStreamSynchronize", "w"),
  STREAM_WAIT_EVENT("cuStreamWaitEvent", "wwi"),
  STREAM_DESTROY("cuStreamDestroy_v2", "w"),
  EVENT_CREATE("cuEventCreate", "wi"),
  EVENT_RECORD("cuEventRecord", "ww"),
  EVENT_ELAPSED_TIME("cuEventElapsedTime", "www"),
  EVENT_DESTROY("cuEventDestroy_v2", "w"),
  LINK_CREATE("cuLinkCreate_v2", "iwww"),
  LINK_ADD_DATA("cuLinkAddData_v2", "wiwwwiww"),
  LINK_COMPLETE("cuLinkComplete", "www"),
  LINK_DESTROY("cuLinkDestroy", "w"),
  MODULE_LOAD_DATA_EX("cuModuleLoadDataEx", "wwiww"),
  MODULE_GET_FUNCTION("cuModuleGetFunction", "www"),
  FUNC_SET_ATTRIBUTE("cuFuncSetAttribute", "wii"),
  MODULE_UNLOAD("cuModuleUnload", "w"),
  LAUNCH_KERNEL("cuLaunchKernel", "wiiiiiiiwww"),
  STREAM_BEGIN_CAPTURE("cuStreamBeginCapture_v2", "wi"),
  STREAM_END_CAPTURE("cuStreamEndCapture", "ww"),
  GRAPH_INSTANTIATE("cuGraphInstantiateWithFlags", "www"),
  GRAPH_LAUNCH("cuGraphLaunch", "ww"),
  GRAPH_EXEC_DESTROY("cuGraphExecDestroy", "w"),
  GRAPH_DESTROY("cuGraphDestroy", "w");

  final String symbol;
  final FunctionDescriptor descriptor;

  /**
   * @param arguments a letter each: w for 64 bits (pointers, handles, sizes, CUdeviceptr, the flags
   *     of a graph), i for 32 (int, unsigned, enumerations, CUdevice)
   */
  Function(String symbol, String arguments) {
    this.symbol = symbol;
    this.descriptor =
        FunctionDescriptor.of(
            JAVA_INT,
            arguments
                .chars()
                .mapToObj(c -> c == 'w' ? JAVA_LONG : JAVA_INT)
                .toArray(MemoryLayout[]::new));
  }

  int arity() {
    return descriptor.argumentLayouts().size();
  }
}
