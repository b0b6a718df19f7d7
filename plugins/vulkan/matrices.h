/* matrices.h - cooperative matrices: does a device have those that products need, and how it is asked for them
 * (plugins/vulkan). What the headers of Debian 12 lack of VK_KHR_cooperative_matrix is declared here. */
#ifndef GPU_MATRICES_H
#define GPU_MATRICES_H
#include "vulkan.h"

#ifndef VK_KHR_cooperative_matrix
#define VK_KHR_cooperative_matrix 1
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR ((VkStructureType)1000506000)
#define VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR ((VkStructureType)1000506001)
typedef enum VkComponentTypeKHR {
  VK_COMPONENT_TYPE_FLOAT16_KHR = 0,
  VK_COMPONENT_TYPE_FLOAT32_KHR = 1,
  VK_COMPONENT_TYPE_MAX_ENUM_KHR = 0x7FFFFFFF
} VkComponentTypeKHR;
typedef enum VkScopeKHR { VK_SCOPE_SUBGROUP_KHR = 3, VK_SCOPE_MAX_ENUM_KHR = 0x7FFFFFFF } VkScopeKHR;
typedef struct VkCooperativeMatrixPropertiesKHR {
  VkStructureType sType;
  void *pNext;
  uint32_t MSize, NSize, KSize;
  VkComponentTypeKHR AType, BType, CType, ResultType;
  VkBool32 saturatingAccumulation;
  VkScopeKHR scope;
} VkCooperativeMatrixPropertiesKHR;
typedef struct VkPhysicalDeviceCooperativeMatrixFeaturesKHR {
  VkStructureType sType;
  void *pNext;
  VkBool32 cooperativeMatrix, cooperativeMatrixRobustBufferAccess;
} VkPhysicalDeviceCooperativeMatrixFeaturesKHR;
typedef VkResult(VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)(
    VkPhysicalDevice physicalDevice, uint32_t *pPropertyCount, VkCooperativeMatrixPropertiesKHR *pProperties);
#endif

/* Fills limits.matrix, if the device has matrices of half that sum in float, and subgroups that are full. */
void gpu_matrices_probe(gpu_device *d);

/* What a device is created with to have them: extensions, and features behind those of Vulkan 1.2. */
typedef struct gpu_matrices_wanted {
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices;
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT subgroups;
} gpu_matrices_wanted;
/* Adds to v12 and to the n extensions, if limits.matrix says so; at most two names. *w lives as long as v12. */
void gpu_matrices_want(const gpu_device *d, gpu_matrices_wanted *w, VkPhysicalDeviceVulkan12Features *v12,
                       const char **extensions, uint32_t *n);
#endif
